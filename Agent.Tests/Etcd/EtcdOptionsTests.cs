using Agent.Bench.Peers;
using Agent.Host.Configuration;
using Agent.Host.Etcd;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Tests.Etcd;

public sealed class EtcdOptionsTests
{
    private static readonly EtcdOptions Plain = new() { Endpoints = ["127.0.0.1:2379"] };

    [Theory]
    [InlineData("127.0.0.1:2379", "http://127.0.0.1:2379/")]
    [InlineData("localhost:2379", "http://localhost:2379/")]
    [InlineData("http://[::1]:2379", "http://[::1]:2379/")]
    [InlineData("https://etcd.example:2379/", "https://etcd.example:2379/")]
    public void Endpoints_are_addresses(string text, string address) =>
        Assert.Equal(new Uri(address), Assert.Single((Plain with { Endpoints = [text] }).Check()));

    [Theory]
    [InlineData("http://192.0.2.1:2379", "allow-plaintext")]
    [InlineData("etcd.example:2379", "allow-plaintext")]
    [InlineData("http://localhost.example:2379", "allow-plaintext")]
    [InlineData("ftp://127.0.0.1", "no endpoint")]
    [InlineData("https://etcd.example:2379/v3", "no endpoint")]
    [InlineData("https://etcd.example:2379?x", "no endpoint")]
    [InlineData("", "no endpoint")]
    [InlineData("https://user:topsecret@etcd.example", "carries no user")]
    public void What_is_no_safe_endpoint_is_refused(string text, string reason)
    {
        EtcdOptionsException failure = Assert.Throws<EtcdOptionsException>(() => (Plain with { Endpoints = [text] }).Check());
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("topsecret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tls_files_make_plain_addresses_https_and_http_is_taken_for_a_mistake()
    {
        EtcdOptions tls = Plain with { Endpoints = ["etcd.example:2379"], CaFile = "ca.pem" };
        Assert.Equal(new Uri("https://etcd.example:2379"), Assert.Single(tls.Check()));
        Assert.Throws<EtcdOptionsException>(() => (tls with { Endpoints = ["http://127.0.0.1:2379"] }).Check());
        Assert.Single((Plain with { Endpoints = ["192.0.2.1:2379"], AllowPlaintext = true }).Check());
    }

    [Fact]
    public void What_does_not_fit_together_is_refused()
    {
        Secret secret = new("topsecret"u8.ToArray());
        foreach (EtcdOptions wrong in (EtcdOptions[])
            [
                Plain with { Endpoints = [] },
                Plain with { Endpoints = ["127.0.0.1:2379", "http://127.0.0.1:2379"] },
                Plain with { User = "agent" },
                Plain with { Password = secret },
                Plain with { KeyFile = "key.pem" },
                Plain with { Timeout = TimeSpan.FromMilliseconds(1) },
                Plain with { WatchSilence = TimeSpan.FromSeconds(1) },
            ])
        {
            Assert.Throws<EtcdOptionsException>(() => wrong.Check());
        }

        Assert.DoesNotContain("topsecret", (Plain with { Password = secret }).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tls_files_that_cannot_be_used_are_named_at_once()
    {
        using TemporaryFolder folder = new("etcd-options");
        string empty = folder.Write("empty.pem", "");
        foreach (EtcdOptions wrong in (EtcdOptions[])
            [
                Plain with { CaFile = folder.Combine("missing.pem") },
                Plain with { CaFile = empty },
                Plain with { CertificateFile = empty },
            ])
        {
            EtcdOptionsException failure = Assert.Throws<EtcdOptionsException>(
                () => EtcdStore.Open(wrong, TimeProvider.System, NullLogger<EtcdStore>.Instance));
            Assert.Contains("TLS files", failure.Message, StringComparison.Ordinal);
        }
    }
}
