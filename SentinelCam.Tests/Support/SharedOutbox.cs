using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using MimeKit;
using SentinelCam.Mail;

namespace SentinelCam.Tests.Support;

/// <summary>An outbox for tests on PostgreSQL, where the app requires a mail server.</summary>
internal sealed class SharedOutbox(string directory) : IMailTransport
{
    private readonly OutboxTransport _outbox = new(directory);

    public string Description => _outbox.Description;

    /// <summary>Replaces the outbox of an app, if it has one.</summary>
    public static void Replace(IServiceCollection services, string directory)
    {
        if (services.Last(service => service.ServiceType == typeof(IMailTransport)).ImplementationFactory is not { } make)
            return;
        services.Replace(ServiceDescriptor.Singleton(provider =>
        {
            var made = (IMailTransport)make(provider);
            return made is OutboxTransport ? new SharedOutbox(directory) : made;
        }));
    }

    public Task<MailOutcome> SendAsync(MimeMessage message, CancellationToken cancellationToken) =>
        _outbox.SendAsync(message, cancellationToken);

    public Task<MailOutcome> TestAsync(MimeMessage message, Action<MailStep> report, CancellationToken cancellationToken) =>
        _outbox.TestAsync(message, report, cancellationToken);
}
