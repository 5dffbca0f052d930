from django.apps import AppConfig


class SocialConfig(AppConfig):
    name = "social"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in, user_signed_up

        from social.arrivals import on_logged_in, on_signed_up

        user_signed_up.connect(on_signed_up, dispatch_uid="social.signed_up")
        user_logged_in.connect(on_logged_in, dispatch_uid="social.logged_in")
