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
}
