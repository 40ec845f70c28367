namespace SentinelCam.LoginAttempts;

/// <summary>Checks credentials and records the attempts.</summary>
public static class LoginAttemptServices
{
    public static IServiceCollection AddLoginAttempts(this IServiceCollection services)
    {
        services.AddSingleton<AttemptMetrics>();
        services.AddScoped<FloodBounds>();
        services.AddScoped<LoginAttemptRecorder>();
        services.AddScoped<CredentialCheck>();
        services.AddScoped<PasswordChange>();
        services.AddScoped<TestAlerts>();
        services.AddSingleton<RecordingTurns>();
        services.AddSingleton<UnrecordedGuesses>();
        return services;
    }
}
