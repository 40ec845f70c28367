using System.Net.ServerSentEvents;

namespace SentinelCam.Tests.Support;

/// <summary>Reads server-sent events as a browser does.</summary>
public sealed class EventStream : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    private EventStream(Stream stream)
    {
        _stream = stream;
        _items = SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
    }

    public static async Task<EventStream> OpenAsync(WebVisitor visitor, string path) => new(await visitor.StreamAsync(path));

    /// <summary>The name of the next event; null where the stream has ended.</summary>
    public async Task<string?> NextAsync() => await _items.MoveNextAsync().AsTask().WaitAsync(Eventually.Patience)
        ? _items.Current.EventType : null;

    /// <summary>Reads until the server ends the stream, however many events come until then.</summary>
    public Task UntilEndAsync()
    {
        return ReadAsync().WaitAsync(Eventually.Patience);

        async Task ReadAsync()
        {
            while (await _items.MoveNextAsync())
            {
            }
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
