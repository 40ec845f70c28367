using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SentinelCam.Tests.Support;

/// <summary>The tests' own certificate authority, and certificates that it issues.</summary>
public static class TestCertificates
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    /// <summary>The authority; trust it to accept <see cref="Good"/>.</summary>
    public static X509Certificate2 Authority { get; } = MakeAuthority();

    /// <summary>For <c>localhost</c> and 127.0.0.1, valid.</summary>
    public static X509Certificate2 Good { get; } = Issue("localhost", Now.AddDays(-1), Now.AddDays(1));

    /// <summary>For another name.</summary>
    public static X509Certificate2 WrongName { get; } = Issue("mail.example.org", Now.AddDays(-1), Now.AddDays(1));

    /// <summary>For the right name, expired.</summary>
    public static X509Certificate2 Expired { get; } = Issue("localhost", Now.AddDays(-3), Now.AddDays(-2));

    private static X509Certificate2 MakeAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=SentinelCam test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request.CreateSelfSigned(Now.AddDays(-4), Now.AddDays(2));
    }

    private static X509Certificate2 Issue(string name, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (name == "localhost")
            names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.Create(Authority, from, until, Guid.NewGuid().ToByteArray());
        using var withKey = certificate.CopyWithPrivateKey(key);
        // By way of PKCS #12, since Windows serves TLS only from a key that was loaded.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), password: null);
    }
}
