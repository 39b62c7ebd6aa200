using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Agent.Host.Configuration;

/// <summary>Whether a certificate of ours is within its dates. Who is shown one that is not closes the connection without a word.</summary>
internal static class CertificateDates
{
    /// <summary>What is wrong with them; null when nothing is.</summary>
    public static string? Problem(X509Certificate2 certificate, DateTimeOffset now) =>
        now > new DateTimeOffset(certificate.NotAfter) ? $"ended on {certificate.NotAfter.ToUniversalTime():u}"
        : now < new DateTimeOffset(certificate.NotBefore) ? $"is valid only from {certificate.NotBefore.ToUniversalTime():u} on"
        : null;

    /// <summary>The same of the first certificate in a PEM file; null also when there is none, which is told elsewhere.</summary>
    public static string? Problem(string file, DateTimeOffset now)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            return Problem(certificate, now);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }
}
