"""`python -m local.dashboard`: write the dashboard into template.yaml."""

from local.dashboard.body import FILE, with_dashboard

if __name__ == "__main__":
    FILE.write_text(with_dashboard())
