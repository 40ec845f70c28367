using SentinelCam.Configuration;
using SentinelCam.Mail.Smtp;

namespace SentinelCam.Mail;

/// <summary>How mails leave this machine: over SMTP, or into the outbox where no server is set.</summary>
public static class MailServices
{
    public static IServiceCollection AddMail(this IServiceCollection services, IConfiguration configuration, DataDirectory data)
    {
        var smtp = SmtpOptions.Read(configuration);
        services.AddSingleton(smtp);
        services.AddSingleton(new OutboxReader(data.Outbox));
        services.AddSingleton<IMailTransport>(provider => smtp.Host is null
            ? new OutboxTransport(data.Outbox)
            : new SmtpTransport(smtp, tokens: smtp.OAuth is null ? null : new SmtpAccessTokens(smtp.OAuth, provider.GetRequiredService<TimeProvider>())));
        return services;
    }
}
