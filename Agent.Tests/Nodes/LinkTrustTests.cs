using Agent.Actors.Cluster;
using Agent.Bench.Peers;
using Agent.Host.Nodes;
using Agent.Tests.TestKit;

namespace Agent.Tests.Nodes;

/// <summary>Who is let in, by certificate and by greeting.</summary>
public sealed class LinkTrustTests : IAsyncDisposable
{
    private static readonly NodePeer Me = new("b", Guid.NewGuid(), "127.0.0.1:9");

    private readonly LinkRig _rig = new();
    private readonly TestAuthority _authority = new();

    public async ValueTask DisposeAsync()
    {
        await _rig.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_by_both()
    {
        using var other = new TestAuthority();
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        TestNode b = await _rig.StartAsync("b", other.IssueNode("b"));
        a.Link.Connect([b.Peer]);
        b.Link.Connect([a.Peer]);
        await a.HasLoggedAsync("certificate: its certificate is not one of our authority");
        await b.HasLoggedAsync("certificate: its certificate is not one of our authority");
        Assert.Empty(a.Probe.Changes);
        Assert.Empty(b.Probe.Changes);
    }

    [Fact]
    public async Task A_client_of_another_authority_is_refused_even_when_it_trusts_the_server()
    {
        using var other = new TestAuthority();
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "b", other.IssueNode("b") with { AuthorityFile = _authority.CaFile });
        await peer.HelloAsync(a, Me);
        await Eventually.HoldsAsync(() => peer.IsEnded, () => "the connection ends");
        Assert.Empty(peer.Frames);
        await a.HasLoggedAsync("was refused: its certificate is not one of our authority");
    }

    [Fact]
    public async Task A_client_without_certificate_or_without_tls_gets_no_answer()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        a.Link.Connect([Me]);
        await using var plain = new ScriptedPeer(a, "b");
        await plain.HelloAsync(a, Me);
        await Eventually.HoldsAsync(() => plain.IsEnded, () => "the plain connection ends");
        Assert.Empty(plain.Frames);

        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{a.Link.Address}/node/v1/content/00")
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request));
        await a.HasLoggedAsync("it shows no certificate");
    }

    [Fact]
    public async Task A_server_that_is_not_the_node_is_not_believed()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        TestNode c = await _rig.StartAsync("c", _authority.IssueNode("c"));
        a.Link.Connect([c.Peer with { Node = "b" }]);
        await a.HasLoggedAsync("certificate: its certificate names c");
    }

    [Fact]
    public async Task A_name_that_the_certificate_does_not_carry_is_refused_with_a_word()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "c", _authority.IssueNode("c"));
        await peer.HelloAsync(a, Me);
        await RefusesAsync(a, peer, LinkRefusal.Certificate);
    }

    [Fact]
    public async Task A_name_as_uri_counts_for_its_cluster_only()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a", names => names.AddUri(new Uri("agent://c1/a"))));
        TestNode b = await _rig.StartAsync("b", _authority.IssueNode("b", names => names.AddUri(new Uri("agent://c1/b"))));
        await LinkRig.JoinAsync(a, b);
        NodeTlsFiles files = _authority.IssueNode("d", names => names.AddUri(new Uri("agent://c2/d")));
        NodeLinkException refused = await Assert.ThrowsAsync<NodeLinkException>(() => _rig.StartAsync("d", files));
        Assert.Contains("must name the node d", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_stop_the_start()
    {
        NodeTlsFiles files = _authority.IssueNode("a");
        File.WriteAllText(files.KeyFile, "no key");
        await Assert.ThrowsAsync<NodeLinkException>(() => _rig.StartAsync("a", files));
        await Assert.ThrowsAsync<NodeLinkException>(() => _rig.StartAsync("a", files with { CertificateFile = "/nowhere" }));
    }

    [Fact]
    public async Task Certificates_are_read_again_when_they_change_and_bad_ones_are_not_taken()
    {
        using var later = new TestAuthority();
        NodeTlsFiles files = _authority.IssueNode("a");
        TestNode a = await _rig.StartAsync("a", files);
        TestNode b = await _rig.StartAsync("b", later.IssueNode("b"));
        a.Link.Connect([b.Peer]);
        b.Link.Connect([a.Peer]);
        await a.HasLoggedAsync("is not one of our authority");

        string key = File.ReadAllText(files.KeyFile);
        File.WriteAllText(files.KeyFile, "half a key");
        await a.HasLoggedAsync("the former certificate stays");
        File.WriteAllText(files.KeyFile, key);

        // Both sides trust both authorities, and "a" gets a certificate of the later one.
        File.AppendAllText(_authority.CaFile, File.ReadAllText(later.CaFile));
        later.Write(files, names => names.AddDnsName("a"));
        await a.IsUpAsync(b);
        await b.IsUpAsync(a);
        await a.HasLoggedAsync("was read again");
    }

    [Fact]
    public async Task Certificates_behind_links_are_read_again_when_another_folder_is_put_behind_them()
    {
        using var volume = new TemporaryFolder("secret");
        using var later = new TestAuthority();
        NodeTlsFiles mine = _authority.IssueNode("a");
        var links = new NodeTlsFiles(
            SecretVolume.Link(volume, "ca.pem"), SecretVolume.Link(volume, "tls.crt"), SecretVolume.Link(volume, "tls.key"));
        SecretVolume.Put(volume, "first", Files(mine));
        TestNode a = await _rig.StartAsync("a", links);
        TestNode b = await _rig.StartAsync("b", later.IssueNode("b"));
        a.Link.Connect([b.Peer]);
        b.Link.Connect([a.Peer]);
        await a.HasLoggedAsync("is not one of our authority");

        SecretVolume.Put(volume, "second", Files(later.IssueNode("a")));
        await a.IsUpAsync(b);
        await b.IsUpAsync(a);

        static (string, string)[] Files(NodeTlsFiles files) =>
        [
            ("ca.pem", File.ReadAllText(files.AuthorityFile)),
            ("tls.crt", File.ReadAllText(files.CertificateFile)),
            ("tls.key", File.ReadAllText(files.KeyFile)),
        ];
    }

    [Fact]
    public async Task A_certificate_that_is_over_is_told_with_its_names_and_dates_and_not_at_every_try()
    {
        TestNode a = await _rig.StartAsync("a", _authority.IssueNode("a"));
        a.Link.Connect([Me]);
        _authority.ValidUntil = DateTimeOffset.UnixEpoch.AddYears(45);
        NodeTlsFiles over = _authority.IssueNode("b");
        for (int tries = 0; tries < 3; tries++)
        {
            await using var peer = new ScriptedPeer(a, "b", over);
            await peer.HelloAsync(a, Me);
            await Eventually.HoldsAsync(() => peer.IsEnded, () => "the connection ends");
        }

        await a.HasLoggedAsync("b at 127.0.0.1 was refused: its certificate is valid from 2010-01-01 00:00:00Z to 2015-01-01 00:00:00Z");
        Assert.Single(a.Log.Lines, line => line.Text.Contains("was refused", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cluster", LinkRefusal.Cluster)]
    [InlineData("instance", LinkRefusal.Instance)]
    [InlineData("same name", LinkRefusal.SameName)]
    [InlineData("not listed", LinkRefusal.NotMember)]
    [InlineData("other run", LinkRefusal.NotMember)]
    [InlineData("older", LinkRefusal.Version)]
    [InlineData("newer", LinkRefusal.Version)]
    [InlineData("garbage", LinkRefusal.Greeting)]
    [InlineData("no hello", LinkRefusal.Greeting)]
    public async Task A_wrong_greeting_is_refused_with_a_word(string what, string word)
    {
        bool isVersion = what is "older" or "newer";
        TestNode a = await _rig.StartAsync("a", change: isVersion ? o => o with { Versions = new ProtocolRange(3, 4) } : null);
        if (what != "not listed") a.Link.Connect([Me]);
        await using var peer = new ScriptedPeer(a, "b");
        await (what switch
        {
            "cluster" => peer.HelloAsync(a, Me, cluster: "c2"),
            "instance" => peer.HelloAsync(a, Me, instance: Guid.NewGuid()),
            "same name" => peer.HelloAsync(a, Me with { Node = "a" }),
            "other run" => peer.HelloAsync(a, Me with { Instance = Guid.NewGuid() }),
            "older" => peer.HelloAsync(a, Me, new ProtocolRange(1, 2)),
            "newer" => peer.HelloAsync(a, Me, new ProtocolRange(5, 6)),
            "garbage" => peer.SendAsync([0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 2, 3]),
            "no hello" => peer.SendAsync(LinkFrames.HeartbeatFrame),
            _ => peer.HelloAsync(a, Me),
        });
        await RefusesAsync(a, peer, word);
    }

    [Fact]
    public async Task A_refusal_is_logged_by_the_refused_too()
    {
        TestNode a = await _rig.StartAsync("a");
        TestNode b = await _rig.StartAsync("b", change: options => options with { Cluster = "other" });
        a.Link.Connect([b.Peer]);
        await a.HasLoggedAsync("it refuses this node: cluster: this is cluster other, not c1");
        await b.HasLoggedAsync("as a was refused: cluster: this is cluster other, not c1");
    }

    [Theory]
    [InlineData(3, 4, 4)]
    [InlineData(2, 3, 3)]
    [InlineData(4, 9, 4)]
    [InlineData(1, 9, 4)]
    public async Task The_highest_version_that_both_speak_is_chosen(int lowest, int highest, int chosen)
    {
        TestNode a = await _rig.StartAsync("a", change: options => options with { Versions = new ProtocolRange(3, 4) });
        TestNode b = await _rig.StartAsync("b", change: options => options with { Versions = new ProtocolRange(lowest, highest) });
        await LinkRig.JoinAsync(a, b);
        Assert.Equal((chosen, chosen), (a.Link.State.Peers[0].Version, b.Link.State.Peers[0].Version));
    }

    private static async Task RefusesAsync(TestNode node, ScriptedPeer peer, string word)
    {
        await Eventually.HoldsAsync(() => peer.Refused is not null, () => "a refusal comes");
        Assert.Equal(word, peer.Refused!.Word);
        await node.HasLoggedAsync($"was refused: {word}: ");
        await Eventually.HoldsAsync(() => peer.IsEnded, () => "the stream ends");
        Assert.Empty(node.Probe.Messages);
    }
}
