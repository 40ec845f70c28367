namespace SentinelCam.LoginAttempts;

/// <summary>Recording of failed sign-ins, and the sweep that picks up what a crash left behind.</summary>
public static class LoginAttemptServices
{
    public static IServiceCollection AddLoginAttempts(this IServiceCollection services)
    {
        services.AddScoped<LoginAttemptRecorder>();
        services.AddSingleton<UnrecordedGuesses>();
        services.AddSingleton<ForgottenWorkSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<ForgottenWorkSweep>());
        return services;
    }
}
