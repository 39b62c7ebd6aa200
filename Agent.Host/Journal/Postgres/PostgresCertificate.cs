using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Agent.Host.Transfers;

namespace Agent.Host.Journal.Postgres;

/// <summary>
/// Says why the certificate of a server is refused. Npgsql judges it and keeps its reasons to itself; so after a refusal the server is
/// asked for its certificate once more, on a connection that carries nothing.
/// </summary>
internal static class PostgresCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Asks for TLS before anything else is said (protocol of PostgreSQL, SSLRequest).</summary>
    private static readonly byte[] TlsRequest = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

    /// <summary>Whether a connection failed because of the server's certificate.</summary>
    public static bool IsRefused(Exception exception) => exception.InnerException is AuthenticationException;

    /// <summary>A sentence part; null when nothing can be found out.</summary>
    /// <param name="rootFile">PEM file of the authorities; null for where Npgsql looks without one.</param>
    /// <param name="checksName">Whether the certificate must be for the host.</param>
    /// <param name="patience">For all of it.</param>
    public static string? WhyRefused(PostgresHost host, string? rootFile, bool checksName, TimeSpan patience)
    {
        string? problem = null;
        try
        {
            using var client = new TcpClient();
            using var end = new CancellationTokenSource(patience);
            using CancellationTokenRegistration cut = end.Token.Register(client.Dispose);
            client.Connect(host.Host, host.Port);
            NetworkStream plain = client.GetStream();
            plain.Write(TlsRequest);
            if (plain.ReadByte() != 'S') return null;
            X509Certificate2Collection? authorities = ReadAuthorities(rootFile);
            using var stream = new SslStream(plain);
            stream.AuthenticateAsClient(new SslClientAuthenticationOptions
            {
                TargetHost = host.Host,
                CertificateChainPolicy = TlsDoor.WithoutDownloads(),
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                {
                    if (certificate is X509Certificate2 shown)
                        problem = Judge(shown, chain, authorities, checksName ? errors : SslPolicyErrors.None, host.Host);
                    return false;
                },
            });
        }
        catch (Exception exception) when (exception is IOException or SocketException or AuthenticationException
            or CryptographicException or UnauthorizedAccessException or InvalidOperationException)
        {
            // The refusal that was sought, or a server that has gone meanwhile.
        }

        return problem;
    }

    private static string? Judge(
        X509Certificate2 certificate, X509Chain? sent, X509Certificate2Collection? authorities, SslPolicyErrors errors, string host) =>
        TlsProfile.JudgeChain(certificate, sent, authorities, ServerAuthentication)?.Text
        ?? (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"its certificate ({TlsProfile.Describe(certificate)}) is not for {host}"
            : null);

    private static X509Certificate2Collection? ReadAuthorities(string? rootFile)
    {
        rootFile ??= Environment.GetEnvironmentVariable("PGSSLROOTCERT");
        rootFile ??= Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".postgresql", "root.crt");
        if (!File.Exists(rootFile)) return null;
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPemFile(rootFile);
        return authorities;
    }
}
