using System.Collections.Concurrent;
using Tmds.DBus.Protocol;

namespace SentinelCam.Tests.Support;

/// <summary>A log-in manager with one seat, on a bus of its own.</summary>
public sealed class FakeLogind : IPathMethodHandler, IDisposable
{
    private const string Service = "org.freedesktop.login1";

    private readonly DBusConnection _connection;
    private readonly ConcurrentDictionary<string, FakeSession> _sessions = new();
    private volatile string _active = "";

    private FakeLogind(string address) => _connection = new DBusConnection(address);

    public string Path => "/org/freedesktop/login1";

    public bool HandlesChildPaths => true;

    public static async Task<FakeLogind> StartAsync(PrivateBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        var logind = new FakeLogind(bus.Address);
        await logind._connection.ConnectAsync();
        logind._connection.AddMethodHandler(logind);
        await logind._connection.RequestNameAsync(Service);
        return logind;
    }

    /// <summary>Adds or changes a session.</summary>
    public void Set(string id, FakeSession session)
    {
        _sessions[id] = session;
        Changed(PathOf(id), Service + ".Session");
    }

    /// <summary>Makes a session that of the seat's screen; empty for none.</summary>
    public void Activate(string id)
    {
        _active = id;
        Changed("/org/freedesktop/login1/seat/seat0", Service + ".Seat");
    }

    public ValueTask HandleMethodAsync(MethodContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.Request;
        var reader = request.GetBodyReader();
        switch (request.MemberAsString)
        {
            case "GetSession":
                var id = reader.ReadString();
                if (!_sessions.ContainsKey(id))
                {
                    context.ReplyError(Service + ".NoSuchSession", $"No session '{id}' known");
                    break;
                }

                using (var writer = context.CreateReplyWriter("o"))
                {
                    writer.WriteObjectPath(PathOf(id));
                    context.Reply(writer.CreateMessage());
                }

                break;
            case "ListSeats":
                using (var writer = context.CreateReplyWriter("a(so)"))
                {
                    var seats = writer.WriteArrayStart(DBusType.Struct);
                    writer.WriteStructureStart();
                    writer.WriteString("seat0");
                    writer.WriteObjectPath("/org/freedesktop/login1/seat/seat0");
                    writer.WriteArrayEnd(seats);
                    context.Reply(writer.CreateMessage());
                }

                break;
            case "Get":
                reader.ReadString();
                if (Get(request.PathAsString!, reader.ReadString()) is { } value)
                {
                    using var writer = context.CreateReplyWriter("v");
                    writer.WriteVariant(value);
                    context.Reply(writer.CreateMessage());
                }
                else
                {
                    context.ReplyError("org.freedesktop.DBus.Error.UnknownObject", "Unknown object");
                }

                break;
            default:
                context.ReplyUnknownMethodError();
                break;
        }

        return default;
    }

    public void Dispose() => _connection.Dispose();

    private static string PathOf(string id) => $"/org/freedesktop/login1/session/_3{id}";

    private VariantValue? Get(string path, string property)
    {
        if (property == "ActiveSession")
            return VariantValue.Struct(_active, new ObjectPath(_active is "" ? "/" : PathOf(_active)));
        if (_sessions.FirstOrDefault(item => PathOf(item.Key) == path).Value is not { } session)
            return null;
        return property switch
        {
            "Remote" => session.RemoteHost is not null,
            "RemoteHost" => session.RemoteHost ?? "",
            "LockedHint" => session.IsLocked,
            "IdleHint" => session.IsIdle,
            _ => null,
        };
    }

    /// <summary>Says that some property changed, without its value, as the real one may.</summary>
    private void Changed(string path, string @interface)
    {
        using var writer = _connection.GetMessageWriter();
        writer.WriteSignalHeader(null, path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as");
        writer.WriteString(@interface);
        writer.WriteDictionaryEnd(writer.WriteDictionaryStart());
        var changed = writer.WriteArrayStart(DBusType.String);
        writer.WriteString("LockedHint");
        writer.WriteArrayEnd(changed);
        _connection.TrySendMessage(writer.CreateMessage());
    }
}

/// <summary>A session.</summary>
/// <param name="RemoteHost">Where it came from over the network; null for one at the device.</param>
/// <param name="IsLocked">Whether its screen is locked.</param>
/// <param name="IsIdle">Whether nobody is at it.</param>
public sealed record FakeSession(string? RemoteHost = null, bool IsLocked = false, bool IsIdle = false);
