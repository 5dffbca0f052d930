from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset, password_set

        from accounts.passwords import on_new_password

        for signal in (password_changed, password_reset, password_set):
            signal.connect(on_new_password, dispatch_uid="accounts.new_password")
