namespace SentinelCam.ImageLog;

/// <summary>The owner's list of attempts, pictures and mails.</summary>
public static class ImageLogServices
{
    public static IServiceCollection AddImageLog(this IServiceCollection services)
    {
        services.AddScoped<ImageLogIndex>();
        services.AddScoped<ImageLogQuery>();
        services.AddScoped<AlertQuery>();
        services.AddScoped<ImageLogChanges>();
        services.AddScoped<ImageLogExport>();
        return services;
    }
}
