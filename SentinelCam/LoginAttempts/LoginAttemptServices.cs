namespace SentinelCam.LoginAttempts;

/// <summary>Checks credentials and records the attempts.</summary>
public static class LoginAttemptServices
{
    public static IServiceCollection AddLoginAttempts(this IServiceCollection services)
    {
        services.AddSingleton<AttemptMetrics>();
        services.AddScoped<FloodBounds>();
        services.AddScoped<LoginAttemptRecorder>();
        services.AddScoped<ReportedAttempts>();
        services.AddScoped<NewBrowserSignIns>();
        services.AddScoped<AddressChange>();
        services.AddScoped<CredentialCheck>();
        services.AddScoped<PasskeyChange>();
        services.AddScoped<PasswordChange>();
        services.AddScoped<SecondFactorNotices>();
        services.AddScoped<SecondFactorChange>();
        services.AddScoped<PasswordReset>();
        services.AddSingleton<ForgottenPasswords>();
        services.AddHostedService(provider => provider.GetRequiredService<ForgottenPasswords>());
        services.AddScoped<TestAlerts>();
        services.AddSingleton<RecordingTurns>();
        services.AddSingleton<UnrecordedGuesses>();
        return services;
    }
}
