using System.Threading.Channels;
using Tmds.DBus.Protocol;

namespace SentinelCam.Device;

/// <summary>Asks systemd's log-in manager about sessions and seats, over D-Bus.</summary>
/// <remarks>Each question has its own connection: questions are rare, and one that hangs must not block the next.</remarks>
public sealed class Logind
{
    private const string Service = "org.freedesktop.login1";
    private const string ManagerPath = "/org/freedesktop/login1";
    private const string Manager = Service + ".Manager";
    private const string SessionInterface = Service + ".Session";
    private const string Seat = Service + ".Seat";
    private const string Properties = "org.freedesktop.DBus.Properties";

    /// <summary>How long a question about a session takes at most.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly string? _address;
    private readonly TimeProvider _time;

    public Logind(TimeProvider time) : this(DBusAddress.System, time)
    {
    }

    /// <param name="address">The address of the system's bus; null if there is none.</param>
    /// <param name="time">The clock that limits a question.</param>
    internal Logind(string? address, TimeProvider time) => (_address, _time) = (address, time);

    /// <summary>Gets the computer from which a session came over the network.</summary>
    /// <param name="session">The session's id.</param>
    /// <returns>
    /// Null for a session at the device, one that is not known, or if there is no answer within a second. Empty if the
    /// computer is unknown.
    /// </returns>
    public async Task<string?> RemoteHostAsync(string session)
    {
        if (_address is null)
            return null;
        using var connection = new DBusConnection(_address);
        try
        {
            return await RemoteHostAsync(connection, session).WaitAsync(Limit, _time);
        }
        catch (Exception error) when (error is DBusExceptionBase or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Hands over the seats whose screen is locked while somebody is at it, now and after each change.</summary>
    /// <exception cref="DBusExceptionBase">There is no log-in manager, or the connection ended.</exception>
    internal async Task WatchLockedSeatsAsync(Action<IReadOnlyCollection<string>> handle, CancellationToken stoppingToken)
    {
        if (_address is null)
            throw new DBusConnectFailedException("There is no system bus.");
        using var connection = new DBusConnection(_address);
        await connection.ConnectAsync().AsTask().WaitAsync(stoppingToken);
        // One look sees all changes
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        foreach (var (@interface, member) in new[]
        {
            (Properties, "PropertiesChanged"), (Manager, "SessionNew"), (Manager, "SessionRemoved"),
        })
        {
            await connection.AddMatchAsync(
                new MatchRule { Type = MessageType.Signal, Sender = Service, Interface = @interface, Member = member },
                notification =>
                {
                    if (notification.IsCompletion)
                        changes.Writer.TryComplete(notification.CompletionReason);
                    else
                        changes.Writer.TryWrite(true);
                },
                emitOnCapturedContext: false,
                ObserverFlags.EmitOnConnectionFailed | ObserverFlags.EmitOnConnectionClosed | ObserverFlags.EmitOnOwnerChanged)
                .AsTask().WaitAsync(stoppingToken);
        }

        do
        {
            while (changes.Reader.TryRead(out _))
                continue;
            handle(await LockedSeatsAsync(connection).WaitAsync(stoppingToken));
        }
        while (await changes.Reader.WaitToReadAsync(stoppingToken));
    }

    private static async Task<string?> RemoteHostAsync(DBusConnection connection, string session)
    {
        await connection.ConnectAsync();
        var path = await connection.CallMethodAsync(
            Call(connection, ManagerPath, Manager, "GetSession", session),
            static (message, _) => message.GetBodyReader().ReadObjectPathAsString());
        return (await GetAsync(connection, path, SessionInterface, "Remote")).GetBool()
            ? (await GetAsync(connection, path, SessionInterface, "RemoteHost")).GetString()
            : null;
    }

    private static async Task<IReadOnlyCollection<string>> LockedSeatsAsync(DBusConnection connection)
    {
        List<string> locked = [];
        var seats = await connection.CallMethodAsync(
            Call(connection, ManagerPath, Manager, "ListSeats"), static (message, _) => ReadSeats(message));
        foreach (var seat in seats)
        {
            try
            {
                // Name and path; the name is empty if nobody is logged in
                var active = await GetAsync(connection, seat, Seat, "ActiveSession");
                if (active.GetItem(0).GetString().Length == 0)
                    continue;
                var session = active.GetItem(1).GetObjectPathAsString();
                if ((await GetAsync(connection, session, SessionInterface, "LockedHint")).GetBool()
                    && !(await GetAsync(connection, session, SessionInterface, "IdleHint")).GetBool())
                    locked.Add(seat);
            }
            catch (DBusErrorReplyException)
            {
                // The session ended meanwhile
            }
        }

        return locked;
    }

    private static List<string> ReadSeats(Message message)
    {
        List<string> seats = [];
        var reader = message.GetBodyReader();
        var end = reader.ReadArrayStart(DBusType.Struct);
        while (reader.HasNext(end))
        {
            reader.AlignStruct();
            reader.ReadString();
            seats.Add(reader.ReadObjectPathAsString());
        }

        return seats;
    }

    private static Task<VariantValue> GetAsync(DBusConnection connection, string path, string @interface, string property) =>
        connection.CallMethodAsync(
            Call(connection, path, Properties, "Get", @interface, property),
            static (message, _) => message.GetBodyReader().ReadVariantValue());

    private static MessageBuffer Call(
        DBusConnection connection, string path, string @interface, string member, params ReadOnlySpan<string> arguments)
    {
        var writer = connection.GetMessageWriter();
        try
        {
            // No auto start: without a log-in manager, nothing is to be started
            writer.WriteMethodCallHeader(
                Service, path, @interface, member, arguments.Length == 0 ? null : new string('s', arguments.Length),
                MessageFlags.NoAutoStart);
            foreach (var argument in arguments)
                writer.WriteString(argument);
            return writer.CreateMessage();
        }
        finally
        {
            writer.Dispose();
        }
    }
}
