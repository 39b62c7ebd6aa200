using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Bench.Peers;
using Agent.Dns.Transfers;
using Agent.Host.Transfers;
using Agent.Tests.Journal;
using Agent.Tests.TestKit;

namespace Agent.Tests.Transfers;

/// <summary>Masters asked over TLS (RFC 9103): who is accepted, who is not and for what reason, and what goes over the wire.</summary>
public sealed class TlsMasterTests : IAsyncLifetime
{
    private const string Zone = "tls.example.";
    private static readonly DateTimeOffset Past = DateTimeOffset.UnixEpoch.AddYears(45);

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();
    private readonly ScriptedZone _zone = new(Zone, 7);
    private ScriptedMaster _master = null!;

    public Task InitializeAsync()
    {
        _master = new ScriptedMaster(_zone);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _master.DisposeAsync();
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task Questions_and_transfers_share_one_connection_and_are_padded()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1"));
        await using MasterClientFixture masters = With(Trusting(_authority));
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(7u, masters.Ask(front.EndPoint, Zone).Serial);
            TransferCompleted completed = masters.Transfer(front.EndPoint, Zone);
            Assert.Equal(MasterClientFixture.Expected(_zone), TestZones.ReadAll(completed.Content));
        }

        Assert.Equal(1, front.ConnectionsAccepted);
        Assert.All(_master.Queries, query => Assert.Equal(0, query.Message.Length % TransferQuery.PaddingBlock));
        Assert.Equal(6, _master.Queries.Count);
    }

    [Fact]
    public async Task Another_authority_is_not_trusted()
    {
        await using var front = new TlsFront(_master.EndPoint, _stranger.Issue("good", "127.0.0.1"));
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsUntrusted, "is not trusted");
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_not_accepted()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("other", "other.example", "192.0.2.1"));
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsName, "(other.example, 192.0.2.1) is not for 127.0.0.1");
        await RefusedAsync(front, Trusting(_authority) with { HostName = "x.example" }, ReasonCode.TlsName, "is not for x.example");
        await AcceptedAsync(front, Trusting(_authority) with { HostName = "other.example" });
    }

    [Fact]
    public async Task An_expired_certificate_is_not_accepted()
    {
        _authority.ValidUntil = Past;
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("old", "127.0.0.1"));
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsExpired, "2015-01-01");
    }

    [Fact]
    public async Task A_pinned_key_is_enough_by_itself_and_another_is_refused()
    {
        (string CertificateFile, string KeyFile) files = _stranger.Issue("pinned", "other.example");
        await using var front = new TlsFront(_master.EndPoint, files);
        using var certificate = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(files.CertificateFile));
        byte[] pin = TlsProfile.PinOf(certificate);

        await AcceptedAsync(front, new TlsProfile("test") { Pins = [new byte[32], pin] });
        await RefusedAsync(front, new TlsProfile("test") { Pins = [new byte[32]] }, ReasonCode.TlsPin, Convert.ToBase64String(pin));
        // Where both are asked for, both must hold.
        await RefusedAsync(front, Trusting(_authority) with { Pins = [pin] }, ReasonCode.TlsUntrusted, "is not trusted");
    }

    [Fact]
    public async Task A_server_without_the_protocol_is_accepted_only_by_a_lenient_profile()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1")) { Alpn = null };
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsAlpn, "did not choose the protocol");
        await AcceptedAsync(front, Trusting(_authority) with { IsAlpnRequired = false });
    }

    [Fact]
    public async Task A_server_of_another_protocol_says_so()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1")) { Alpn = "h2" };
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsAlpn, "does not know the protocol");
    }

    [Fact]
    public async Task A_server_of_TLS_1_2_is_not_accepted()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1")) { Protocols = SslProtocols.Tls12 };
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsFailed, "does not speak TLS 1.3");
    }

    [Fact]
    public async Task A_server_in_the_clear_is_never_asked_in_the_clear()
    {
        await using MasterClientFixture masters = With(Trusting(_authority));
        Assert.Equal(SoaOutcome.Unreachable, masters.Ask(_master.EndPoint, Zone, TimeSpan.FromSeconds(1)).Outcome);
        Assert.DoesNotContain(_master.Queries, query => query.Name.AsSpan().SequenceEqual(DnsTestMessage.EncodeName(Zone)));
    }

    [Fact]
    public async Task A_client_certificate_is_shown_to_who_asks_for_one()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1")) { NeedsClientCertificate = true };
        (string certificate, string key) = _authority.Issue("client");
        using X509Certificate2 own = X509Certificate2.CreateFromPemFile(certificate, key);
        await RefusedAsync(front, Trusting(_authority), ReasonCode.TlsFailed, "");
        await AcceptedAsync(front, Trusting(_authority) with { Own = SslStreamCertificateContext.Create(own, null, offline: true) });
    }

    [Fact]
    public async Task A_connection_that_is_cut_in_the_middle_breaks_the_transfer_and_nothing_else()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1")) { CutAfter = 40_000 };
        _zone.Hosts = 5000;
        await using MasterClientFixture masters = With(Trusting(_authority));
        TransferFailed failed = masters.TransferFails(front.EndPoint, Zone);
        Assert.NotEqual(TransferFailure.GivenUp, failed.Failure);
        Assert.Equal(ReasonCode.TransferBroken, failed.Reason.Code);
    }

    [Fact]
    public async Task A_replaced_profile_counts_for_the_next_question()
    {
        await using var front = new TlsFront(_master.EndPoint, _authority.Issue("good", "127.0.0.1"));
        TlsDoor door = Door(Trusting(_authority));
        await using MasterClientFixture masters = With(door);
        Assert.Equal(SoaOutcome.Serial, masters.Ask(front.EndPoint, Zone).Outcome);
        door.Replace(new Dictionary<string, TlsProfile> { ["test"] = Trusting(_stranger) });
        Assert.Equal(ReasonCode.TlsUntrusted, masters.Ask(front.EndPoint, Zone).Reason!.Code);
        door.Replace(new Dictionary<string, TlsProfile>());
        SoaAnswered without = masters.Ask(front.EndPoint, Zone);
        Assert.Equal((SoaOutcome.Unreachable, ReasonCode.TlsFailed), (without.Outcome, without.Reason!.Code));
    }

    private async Task AcceptedAsync(TlsFront front, TlsProfile profile)
    {
        await using MasterClientFixture masters = With(profile);
        Assert.Equal(SoaOutcome.Serial, masters.Ask(front.EndPoint, Zone).Outcome);
    }

    /// <summary>For a question and for a transfer; and nothing was said to the master.</summary>
    private async Task RefusedAsync(TlsFront front, TlsProfile profile, string code, string text)
    {
        int before = _master.Queries.Count;
        await using MasterClientFixture masters = With(profile);
        SoaAnswered answer = masters.Ask(front.EndPoint, Zone);
        Assert.Equal((SoaOutcome.Unreachable, code), (answer.Outcome, answer.Reason!.Code));
        Assert.Contains(text, answer.Reason.Text, StringComparison.Ordinal);
        TransferFailed failed = masters.TransferFails(front.EndPoint, Zone);
        Assert.Equal((TransferFailure.Unreachable, code), (failed.Failure, failed.Reason.Code));
        Assert.Equal(before, _master.Queries.Count);
    }

    private static MasterClientFixture With(TlsProfile profile) => With(Door(profile));

    private static MasterClientFixture With(TlsDoor door) =>
        new(new MasterClientOptions { Tls = door, TlsConnectionReuse = TimeSpan.FromMinutes(1) }) { Tls = "test" };

    internal static TlsDoor Door(TlsProfile profile) => new(new Dictionary<string, TlsProfile> { ["test"] = profile });

    internal static TlsProfile Trusting(TestAuthority authority)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authority.CaFile);
        return new TlsProfile("test") { Authorities = authorities };
    }
}
