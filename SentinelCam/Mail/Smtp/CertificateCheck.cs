using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace SentinelCam.Mail;

/// <summary>Accepts a server's certificate if its name, dates and chain are valid. Otherwise records the problems.</summary>
internal sealed class CertificateCheck(X509Certificate2Collection? trustedAuthorities, SmtpDialogue dialogue)
{
    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None
            || (errors == SslPolicyErrors.RemoteCertificateChainErrors && IsFromTrustedAuthority(certificate, chain)))
        {
            return true;
        }

        dialogue.CertificateProblem = string.Join("; ", Problems(certificate, chain, errors));
        return false;
    }

    private bool IsFromTrustedAuthority(X509Certificate? certificate, X509Chain? presented)
    {
        if (trustedAuthorities is null || certificate is not X509Certificate2 leaf)
            return false;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trustedAuthorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in presented?.ChainElements.AsEnumerable() ?? [])
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(leaf);
    }

    private static IEnumerable<string> Problems(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            yield return "the server presented none";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            yield return $"it was issued for another name ({certificate?.Subject})";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            foreach (var status in chain?.ChainStatus ?? [])
                yield return Describe(status);
        }
    }

    private static string Describe(X509ChainStatus status) => status.Status switch
    {
        X509ChainStatusFlags.NotTimeValid => "it has expired or is not valid yet",
        X509ChainStatusFlags.UntrustedRoot => "it is self-signed or from an authority that this machine does not trust",
        X509ChainStatusFlags.PartialChain => "this machine does not know its authority",
        _ => status.StatusInformation.Length > 0 ? status.StatusInformation : status.Status.ToString(),
    };
}
