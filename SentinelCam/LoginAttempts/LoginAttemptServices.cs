namespace SentinelCam.LoginAttempts;

/// <summary>Checking credentials and recording what came of them.</summary>
public static class LoginAttemptServices
{
    public static IServiceCollection AddLoginAttempts(this IServiceCollection services)
    {
        services.AddScoped<LoginAttemptRecorder>();
        services.AddScoped<CredentialCheck>();
        services.AddScoped<PasswordChange>();
        services.AddSingleton<UnrecordedGuesses>();
        return services;
    }
}
