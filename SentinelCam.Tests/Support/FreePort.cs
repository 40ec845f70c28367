using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace SentinelCam.Tests.Support;

/// <summary>Ports for programs that cannot be told to choose one themselves.</summary>
public static class FreePort
{
    // Below the ports that systems give to connections, which could take a free one before its program does
    private const int First = 20000, End = 32000;

    private static readonly ConcurrentDictionary<int, bool> Taken = [];

    /// <summary>A port of the loopback interface that nobody uses, different at each call.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, End);
            if (Taken.TryAdd(port, true) && IsFree(port))
                return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
