using System.Diagnostics;
using System.Globalization;

namespace SentinelCam.Tests.Support;

/// <summary>
/// Real Postfix. Each restriction that a test needs has its own port. One instance serves all tests of a process.
/// </summary>
public static class Postfix
{
    private static readonly Lazy<string?> Obstacle = new(() => UnpackedMailServer.ObstacleFor("usr/sbin/postfix"));

    private static readonly Dictionary<string, string> Restrictions = new()
    {
        ["full name"] = "-o smtpd_helo_required=yes -o smtpd_helo_restrictions=reject_non_fqdn_helo_hostname",
        ["helo"] = "-o smtpd_helo_required=yes -o smtpd_helo_restrictions=reject",
        ["client"] = "-o smtpd_client_restrictions=reject",
        ["sender"] = "-o smtpd_sender_restrictions=reject",
        ["submission"] = "-o smtpd_recipient_restrictions=permit_sasl_authenticated,reject",
        ["relay"] = "-o smtpd_relay_restrictions=reject_unauth_destination -o mynetworks=192.0.2.0/24",
        ["size"] = "-o message_size_limit=60000",
        ["undeclared size"] = "-o message_size_limit=60000 -o smtpd_discard_ehlo_keywords=size",
        ["slow"] = "-o {smtpd_end_of_data_restrictions=sleep 4}",
    };

    private static readonly string[] Mailboxes = ["alice", "slow", "small"];

    private static readonly Dictionary<string, int> Ports =
        Restrictions.Keys.ToDictionary(name => name, _ => FreePort.Take());
    private static readonly Lazy<Task<UnpackedMailServer>> Instance = new(StartOnceAsync);

    public static bool IsAvailable => Obstacle.Value is null;

    public static string Why => "postfix: " + Obstacle.Value;

    /// <summary>The running server; the first call starts it.</summary>
    public static Task<UnpackedMailServer> StartAsync(CancellationToken cancellationToken) =>
        Instance.Value.WaitAsync(cancellationToken);

    /// <summary>The port on 127.0.0.1 with a restriction.</summary>
    public static int Port(string restriction) => Ports[restriction];

    private static Task<UnpackedMailServer> StartOnceAsync()
    {
        var services = string.Join("\n", Restrictions.Select(restriction => string.Create(CultureInfo.InvariantCulture,
            $"127.0.0.1:{Ports[restriction.Key]} inet n - n - - smtpd {restriction.Value}")));
        return UnpackedMailServer.StartAsync(
            new Dictionary<string, string>
            {
                ["postfix/main.cf"] = $"""
                    compatibility_level = 3.6
                    queue_directory = /var/spool/postfix
                    data_directory = @directory@/data
                    command_directory = /usr/sbin
                    daemon_directory = /usr/lib/postfix/sbin
                    shlib_directory = /usr/lib/postfix
                    mail_owner = postfix
                    setgid_group = postdrop
                    myhostname = mail.test
                    mydestination =
                    inet_interfaces = 127.0.0.1
                    inet_protocols = ipv4
                    smtpd_peername_lookup = no
                    default_database_type = hash
                    alias_maps =
                    virtual_mailbox_domains = mail.test
                    virtual_mailbox_maps = texthash:/etc/postfix/mailboxes
                    virtual_mailbox_base = @directory@/mail
                    virtual_minimum_uid = 1
                    virtual_uid_maps = static:{UserId}
                    virtual_gid_maps = static:65534
                    maillog_file = /dev/stdout

                    """,
                ["postfix/master.cf"] = services + """

                    cleanup unix n - n - 0 cleanup
                    qmgr unix n - n 300 1 qmgr
                    rewrite unix - - n - - trivial-rewrite
                    bounce unix - - n - 0 bounce
                    defer unix - - n - 0 bounce
                    trace unix - - n - 0 bounce
                    proxymap unix - - n - - proxymap
                    virtual unix - n n - - virtual
                    anvil unix - - n - 1 anvil
                    postlog unix-dgram n - n - 1 postlogd

                    """,
                ["postfix/mailboxes"] = string.Concat(Mailboxes.Select(name => $"{name}@mail.test {name}/\n")),
                ["postfix/dynamicmaps.cf"] = "",
            },
            Ports["full name"], "/usr/sbin/postfix", "start-fg");
    }

    private static string UserId
    {
        get
        {
            var start = new ProcessStartInfo("id", ["-u", UnpackedMailServer.Owner]) { RedirectStandardOutput = true };
            using var id = Process.Start(start)!;
            return id.StandardOutput.ReadToEnd().Trim();
        }
    }
}
