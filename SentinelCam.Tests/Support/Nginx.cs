using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SentinelCam.Tests.Support;

/// <summary>A real nginx on loopback, in front of an app.</summary>
public sealed class Nginx : IAsyncDisposable
{
    private static readonly string? Program = new[] { "/usr/sbin/nginx" }
        .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "nginx")))
        .FirstOrDefault(File.Exists);

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-nginx-").FullName;
    private readonly StringBuilder _log = new();
    private readonly Process _process;

    private Nginx(string location, string directives)
    {
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Take()}"));
        var user = Environment.IsPrivilegedProcess ? "user root;" : "";
        var temporary = string.Concat(new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }
            .Select(kind => $"{kind}_temp_path {_directory}/{kind};"));
        File.WriteAllText(Path.Combine(_directory, "nginx.conf"), $$"""
            {{user}} daemon off; worker_processes 1; pid {{_directory}}/pid; error_log stderr;
            events { worker_connections 64; }
            http {
                access_log off; {{temporary}} {{directives}}
                server { listen {{Address.Authority}}; {{location}} }
            }
            """);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(
                Program!, ["-p", _directory, "-e", "stderr", "-c", Path.Combine(_directory, "nginx.conf")])
            {
                RedirectStandardError = true,
            },
        };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
                _log.AppendLine(line.Data);
        };
        _process.Start();
        _process.BeginErrorReadLine();
    }

    public static bool IsAvailable => Program is not null;

    public Uri Address { get; }

    /// <summary>Starts it, and returns when it listens.</summary>
    /// <param name="server">Directives of its server, such as a location.</param>
    /// <param name="directives">Directives beside its server, such as the servers behind it.</param>
    public static async Task<Nginx> StartAsync(string server, string directives = "")
    {
        var nginx = new Nginx(server, directives);
        await Eventually.TrueAsync(nginx.Listens, nginx.Log);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // SIGKILL would leave the worker behind
            using var stop = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await stop.WaitForExitAsync();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string Log()
    {
        lock (_log)
            return _log.ToString();
    }

    private bool Listens()
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, Address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
