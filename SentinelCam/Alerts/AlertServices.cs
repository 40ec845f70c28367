using SentinelCam.Configuration;

namespace SentinelCam.Alerts;

/// <summary>Mails to owners: what they say, who gets them, and how they leave.</summary>
public static class AlertServices
{
    public static IServiceCollection AddAlerts(this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        var smtp = SmtpOptions.Read(configuration);
        services.AddSingleton(smtp);
        services.AddSingleton(AlertOptions.Read(configuration));
        services.AddSingleton(new OutboxReader(data.Outbox));
        services.AddSingleton<IMailTransport>(smtp.Host is null ? new OutboxTransport(data.Outbox) : new SmtpTransport(smtp));
        services.AddScoped<DeliveryPlan>();
        services.AddScoped<AlertContentQuery>();
        return services;
    }
}
