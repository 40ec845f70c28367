using System.Text;
using SentinelCam.Cameras;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Cameras;

public class MjpegReaderTests
{
    private static readonly byte[] First = TestJpeg.Tiny(1, 3000);
    private static readonly byte[] Second = TestJpeg.Tiny(2, 3000);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(997)]
    [InlineData(100_000)]
    public async Task Pictures_are_read_byte_for_byte_however_the_stream_is_split(int chunk)
    {
        byte[] stream = [.. Part(First), .. Part(Second), .. Part(First)];

        Assert.Equal([First, Second, First], await ReadAllAsync(stream, chunk));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("5")]
    [InlineData("-1")]
    [InlineData("999999999999999999999")]
    [InlineData("a lot")]
    public async Task A_missing_or_wrong_Content_Length_does_no_harm(string? length)
    {
        byte[] stream = [.. Part(First, length), .. Part(Second, length)];

        Assert.Equal([First, Second], await ReadAllAsync(stream));
    }

    [Fact]
    public async Task Garbage_between_parts_is_skipped()
    {
        var garbage = new byte[200_000];
        new Random(5).NextBytes(garbage);
        byte[] stream = [.. garbage, .. Part(First), .. new byte[] { 0xFF, 0xD8, 0xFF, 0xD8, 0xFF }, .. Part(Second)];

        var frames = await ReadAllAsync(stream);

        Assert.Equal([First, Second], frames);
    }

    [Fact]
    public async Task The_picture_after_a_truncated_one_is_found()
    {
        for (var length = 0; length < First.Length; length += length < 100 ? 1 : 37)
        {
            byte[] stream = [.. Part(First[..length]), .. Part(Second)];
            Assert.Equal([Second], await ReadAllAsync(stream));
        }
    }

    [Fact]
    public async Task An_endless_header_line_takes_no_memory()
    {
        var line = new byte[20 * 1024 * 1024];
        Array.Fill(line, (byte)'x');
        byte[] stream = [.. "--frame\r\nContent-Type: "u8, .. line, .. Part(First)];
        var before = GC.GetAllocatedBytesForCurrentThread();

        var reader = new MjpegReader(new SplitStream(stream, 32 * 1024), TimeProvider.System);
        var frame = await reader.ReadAsync(Cancelled);

        Assert.Equal(First, frame!.Jpeg);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
    }

    [Fact]
    public async Task A_picture_over_16_MiB_is_skipped()
    {
        byte[] stream = [.. Part(TestJpeg.Tiny(3, 17 * 1024 * 1024)), .. Part(Second)];

        Assert.Equal([Second], await ReadAllAsync(stream, 64 * 1024));
    }

    [Fact]
    public async Task An_incomplete_last_picture_is_dropped()
    {
        var reader = new MjpegReader(new SplitStream([.. Part(First), .. Part(Second)[..^100]], 512), TimeProvider.System);

        Assert.Equal(First, (await reader.ReadAsync(Cancelled))!.Jpeg);
        Assert.Null(await reader.ReadAsync(Cancelled));
        Assert.Equal(1, reader.Rejected);
    }

    [Fact]
    public async Task A_stream_of_damaged_pictures_is_a_fault()
    {
        byte[] stream = [.. Enumerable.Range(0, 20).SelectMany(_ => Part(First[..^10]))];

        var e = await Assert.ThrowsAsync<CameraException>(() => ReadAllAsync(stream));

        Assert.Equal(CaptureOutcome.BadFrame, e.Fault.Outcome);
    }

    [Fact]
    public async Task A_stream_without_pictures_is_a_fault()
    {
        var e = await Assert.ThrowsAsync<CameraException>(() => ReadAllAsync(new byte[40 * 1024 * 1024], 64 * 1024));

        Assert.Equal(CaptureOutcome.BadFrame, e.Fault.Outcome);
    }

    [Fact]
    public async Task Ten_thousand_mutations_of_a_picture_never_lose_the_two_after_it()
    {
        var random = new Random(20261123);
        var victim = TestJpeg.Tiny(7, 400);
        byte[][] sound = [TestJpeg.Tiny(8, 200), TestJpeg.Tiny(9, 200)];
        var lostNext = 0;
        for (var round = 0; round < 10_000; round++)
        {
            byte[] stream = [.. Mutate(Part(victim), random), .. Part(sound[0]), .. Part(sound[1])];
            var reader = new MjpegReader(new SplitStream(stream, random.Next(1, 2000)), TimeProvider.System);
            var found = new List<byte[]>();
            while (await reader.ReadAsync(Cancelled) is { } frame)
                found.Add(frame.Jpeg);
            var hasLast = found.Count > 0 && found[^1].AsSpan().SequenceEqual(sound[1]);
            Assert.True(hasLast, $"round {round}: the last picture is lost");
            if (!found.Exists(jpeg => jpeg.AsSpan().SequenceEqual(sound[0])))
                lostNext++;
        }

        Assert.Equal(0, lostNext);
    }

    private static byte[] Mutate(byte[] part, Random random)
    {
        var bytes = part.ToList();
        for (var times = random.Next(1, 6); times > 0; times--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 60), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 when bytes.Count > length:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes.InsertRange(at, [0xFF, (byte)random.Next(0xC0, 0x100), (byte)random.Next(2), (byte)random.Next(256)]);
                    break;
                default:
                    bytes.RemoveRange(bytes.Count - length, length - 1);
                    break;
            }
        }
        return [.. bytes];
    }

    private static byte[] Part(byte[] jpeg, string? length = "")
    {
        var header = length is null ? "" : $"Content-Length: {(length.Length > 0 ? length : jpeg.Length)}\r\n";
        return
        [
            .. Encoding.ASCII.GetBytes($"--frame\r\nContent-Type: image/jpeg\r\n{header}\r\n"),
            .. jpeg,
            .. "\r\n"u8,
        ];
    }

    private static async Task<List<byte[]>> ReadAllAsync(byte[] stream, int chunk = 4096)
    {
        var reader = new MjpegReader(new SplitStream(stream, chunk), TimeProvider.System);
        var frames = new List<byte[]>();
        while (await reader.ReadAsync(Cancelled) is { } frame)
            frames.Add(frame.Jpeg);
        return frames;
    }

    /// <summary>Returns a limited number of bytes per read.</summary>
    private sealed class SplitStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
