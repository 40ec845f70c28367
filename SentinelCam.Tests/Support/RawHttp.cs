using System.Net.Sockets;
using System.Text;

namespace SentinelCam.Tests.Support;

/// <summary>Requests that no browser would send, byte by byte.</summary>
public static class RawHttp
{
    /// <summary>Sends a request and hangs up at a given time, without waiting for an answer.</summary>
    public static async Task SendAndHangUpAsync(Uri address, string request, Task when)
    {
        using var client = await ConnectAsync(address);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        await when;
    }

    /// <summary>Sends a request and hangs up in the same moment.</summary>
    public static void SendAndHangUp(Uri address, string request)
    {
        using var client = new TcpClient(address.Host, address.Port);
        client.Client.Send(Encoding.UTF8.GetBytes(request));
    }

    /// <summary>Sends a request and reads the answer until the server closes the connection.</summary>
    public static async Task<string> SendAsync(Uri address, string request)
    {
        using var client = await ConnectAsync(address);
        var stream = client.GetStream();
        var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The server refused the request before its end; its answer can still be read
        }

        try
        {
            await stream.CopyToAsync(answer, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The connection was reset after the answer
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    /// <summary>A form post with cookies.</summary>
    public static string Post(Uri address, string path, string cookies, string form, string userAgent) =>
        $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nUser-Agent: {userAgent}\r\nCookie: {cookies}\r\n"
        + "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + $"Content-Length: {Encoding.UTF8.GetByteCount(form)}\r\n\r\n{form}";

    /// <summary>The cookies and form that a browser would send for a wrong password.</summary>
    public static async Task<(string Cookies, string Form)> LoginFormAsync(SentinelCamApp app, string email)
    {
        using var visitor = app.Visit();
        var page = await visitor.GetAsync("/login");
        return (page.Headers["Set-Cookie"].Split(';')[0],
            $"Email={Uri.EscapeDataString(email)}&Password=a+wrong+password"
            + $"&__RequestVerificationToken={Uri.EscapeDataString(page.Token)}");
    }

    private static async Task<TcpClient> ConnectAsync(Uri address)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        return client;
    }
}
