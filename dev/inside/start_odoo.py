"""Start Odoo. Not ``python -m odoo``: a reload starts ``sys.argv[0]`` again."""

import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
