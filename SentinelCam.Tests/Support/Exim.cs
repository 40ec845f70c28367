using System.Globalization;

namespace SentinelCam.Tests.Support;

/// <summary>Real Exim. It refuses what the recipient's local part says. One instance serves all tests of a process.</summary>
public static class Exim
{
    /// <summary>Mails above this size in bytes are refused.</summary>
    public const int SizeLimit = 200_000;

    private static readonly Lazy<string?> Obstacle = new(() => UnpackedMailServer.ObstacleFor("usr/sbin/exim4"));
    private static readonly Lazy<Task<UnpackedMailServer>> Instance = new(StartOnceAsync);

    public static bool IsAvailable => Obstacle.Value is null;

    public static string Why => "exim: " + Obstacle.Value;

    /// <summary>The port on 127.0.0.1.</summary>
    public static int Port { get; } = FreePort.Take();

    /// <summary>The running server; the first call starts it.</summary>
    public static Task<UnpackedMailServer> StartAsync(CancellationToken cancellationToken) =>
        Instance.Value.WaitAsync(cancellationToken);

    private static Task<UnpackedMailServer> StartOnceAsync() => UnpackedMailServer.StartAsync(
        new Dictionary<string, string>
        {
            ["exim4/exim4.conf"] = string.Create(CultureInfo.InvariantCulture, $$$"""
                primary_hostname = mail.test
                exim_user = {{{UnpackedMailServer.Owner}}}
                deliver_drop_privilege
                spool_directory = @directory@/spool
                log_file_path = @directory@/spool/%slog
                pid_file_path = @directory@/spool/exim.pid
                keep_environment =
                host_lookup =
                tls_advertise_hosts =
                message_size_limit = {{{SizeLimit}}}
                acl_smtp_helo = helo
                acl_smtp_rcpt = rcpt
                acl_smtp_predata = predata

                begin acl

                helo:
                  deny condition = ${if !match{$sender_helo_name}{\N[.:]\N}}
                       message = Access denied - Invalid HELO name (See RFC2821 4.1.1.1)
                  accept

                rcpt:
                  deny local_parts = helo
                       message = Access denied - Invalid HELO name (See RFC2821 4.1.1.1)
                  deny local_parts = auth
                       !authenticated = *
                       message = authentication required
                  deny local_parts = listed
                       message = $sender_host_address is in a black list at bl.example.org
                  deny local_parts = prohibited
                  deny local_parts = sender
                       message = Sender verify failed
                  deny local_parts = nobody
                       message = Unknown user
                  deny !domains = mail.test
                       message = relay not permitted
                  accept

                predata:
                  accept

                begin routers

                all:
                  driver = accept
                  local_parts = alice : small
                  transport = store

                begin transports

                store:
                  driver = appendfile
                  directory = @directory@/mail/$local_part_data
                  maildir_format
                  create_directory

                """),
        },
        Port, "/usr/sbin/exim4", "-bdf", "-oX", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1.{Port}"));
}
