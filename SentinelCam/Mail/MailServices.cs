using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.Mail;

/// <summary>Mails leave over SMTP, or go to the outbox if no server is configured.</summary>
public static class MailServices
{
    public static IServiceCollection AddMail(this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        var smtp = SmtpOptions.Read(configuration);
        services.AddSingleton(smtp);
        services.AddSingleton(new OutboxReader(data.Outbox));
        services.AddSingleton<IMailTransport>(provider => smtp.Host is null
            ? new OutboxTransport(data.Outbox)
            : new SmtpTransport(smtp, tokens: smtp.OAuth is null
                ? null
                : new SmtpAccessTokens(
                    smtp.OAuth, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ISharedValues>())));
        return services;
    }

    /// <summary>Refuses an outbox that belongs to one of several machines.</summary>
    /// <exception cref="ConfigurationException">There is no mail server.</exception>
    public static void CheckMail(this WebApplication app)
    {
        if (app.Services.GetRequiredService<LiveNodes>().MayBeSeveral
            && app.Services.GetRequiredService<IMailTransport>() is OutboxTransport)
        {
            throw new ConfigurationException("Smtp:Host", null,
                "the mail server. It is required with PostgreSQL: an outbox would be on one machine only.");
        }
    }
}
