using System.Globalization;
using System.Text;
using QRCoder;

namespace SentinelCam.Pages;

/// <summary>A QR code as an inline SVG's path: the security policy forbids <c>data:</c> images and inline styles.</summary>
/// <param name="Size">The width and the height, in modules, with the quiet margin.</param>
/// <param name="Path">The dark modules, each one unit wide.</param>
public sealed record QrCode(int Size, string Path)
{
    public static QrCode Of(string text)
    {
        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        for (var y = 0; y < data.ModuleMatrix.Count; y++)
        {
            for (var x = 0; x < data.ModuleMatrix.Count; x++)
            {
                if (data.ModuleMatrix[y][x])
                    path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
            }
        }

        return new QrCode(data.ModuleMatrix.Count, path.ToString());
    }
}
