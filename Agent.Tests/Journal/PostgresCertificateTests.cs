using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Agent.Tests.TestKit;

namespace Agent.Tests.Journal;

/// <summary>A server whose certificate is refused: the cause is told, not only that there is one.</summary>
public sealed class PostgresCertificateTests : IAsyncDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public void A_name_that_is_another_is_told()
    {
        Serve(_authority.Issue("db", "db.example"));
        Assert.Contains("its certificate (db.example) is not for 127.0.0.1", Refusal(_authority.CaFile), StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_that_is_another_is_told()
    {
        using var other = new TestAuthority();
        Serve(_authority.Issue("db", "127.0.0.1"));
        Assert.Contains("its certificate (127.0.0.1) is not trusted: ", Refusal(other.CaFile), StringComparison.Ordinal);
    }

    private string Refusal(string caFile)
    {
        using var journal = new PostgresJournalFixture(
            $"Host={_listener.LocalEndpoint};Username=agent;SSL Mode=VerifyFull;Root Certificate={caFile}");
        return Assert.Throws<IOException>(() => journal.Journal).Message;
    }

    private void Serve((string CertificateFile, string KeyFile) files)
    {
        _listener.Start();
        _serving = ServeAsync(X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile));
    }

    /// <summary>What a server of PostgreSQL does until TLS stands.</summary>
    private async Task ServeAsync(X509Certificate2 certificate)
    {
        using X509Certificate2 owned = certificate;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                NetworkStream plain = client.GetStream();
                await plain.ReadExactlyAsync(new byte[8], _stop.Token);
                await plain.WriteAsync("S"u8.ToArray(), _stop.Token);
                await using var secured = new SslStream(plain);
                var options = new SslServerAuthenticationOptions { ServerCertificate = certificate };
                await secured.AuthenticateAsServerAsync(options, _stop.Token);
                Assert.Equal(0, await secured.ReadAsync(new byte[1], _stop.Token));
            }
            catch (Exception failure) when (failure is IOException or AuthenticationException or OperationCanceledException)
            {
                // The client hung up, as it should; or the test is over.
            }
        }
    }
}
