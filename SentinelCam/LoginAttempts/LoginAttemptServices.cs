namespace SentinelCam.LoginAttempts;

/// <summary>Recording of failed sign-ins.</summary>
public static class LoginAttemptServices
{
    public static IServiceCollection AddLoginAttempts(this IServiceCollection services)
    {
        services.AddScoped<LoginAttemptRecorder>();
        services.AddSingleton<UnrecordedGuesses>();
        services.AddScoped<PasswordChange>();
        return services;
    }
}
