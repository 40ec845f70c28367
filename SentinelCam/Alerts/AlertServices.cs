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
        services.AddSingleton<IMailTransport>(provider => smtp.Host is null
            ? new OutboxTransport(data.Outbox)
            : new SmtpTransport(smtp, tokens: smtp.OAuth is null ? null : new SmtpAccessTokens(smtp.OAuth, provider.GetRequiredService<TimeProvider>())));
        services.AddSingleton<MailTest>();
        services.AddScoped<AlertGrouping>();
        services.AddScoped<AlertNotices>();
        services.AddScoped<AlertSettings>();
        services.AddScoped<ExtraRecipients>();
        services.AddScoped<DeliveryPlan>();
        services.AddScoped<DeliveryRepeat>();
        services.AddScoped<DeliveryProblems>();
        services.AddScoped<AlertContentQuery>();
        return services;
    }
}
