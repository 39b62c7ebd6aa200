using System.Net.Sockets;
using Agent.Actors.Listeners;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Sockets;

/// <summary>Queries whose key <c>allow-query</c> names: the server gets them unsigned, the client gets the answer signed.</summary>
public sealed class SignedRelayTests
{
    private static readonly TsigKey Ours = new(DomainName.Parse("ours."), TsigAlgorithm.HmacSha256, "0123456789abcdef"u8);
    private static readonly TsigKey Theirs = new(DomainName.Parse("theirs."), TsigAlgorithm.HmacSha256, "fedcba9876543210"u8);

    [Theory]
    [InlineData(false, "key:ours")]
    [InlineData(true, "key:ours")]
    [InlineData(false, "any", "key:ours")]
    [InlineData(true, "any", "key:ours")]
    public void A_signature_under_our_key_is_taken_off_and_the_answer_is_signed(bool byTcp, params string[] allowed)
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using ListenerRig rig = Rig(upstream, allowed);
        byte[] plain = Query(additional: Opt());
        byte[] answer = Exchange(rig, byTcp, Signed(plain, Ours, out byte[] mac));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(answer, Ours, mac, Now).Status);
        // The client's id and RD bit, as for others.
        Assert.Equal(FakeUpstream.Answer(plain)[..11], answer[..11]);
        byte[] relayed = Assert.Single(upstream.Queries);
        Assert.Equal(0, relayed[2] & 1);
        Assert.Equal(plain[3..], relayed[3..]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_answer_for_a_silent_server_is_signed_too(bool byTcp)
    {
        using var upstream = new FakeUpstream(query => []);
        using ListenerRig rig = Rig(upstream, ["key:ours"], timeoutMs: 80);
        byte[] answer = Exchange(rig, byTcp, Signed(Query(), Ours, out byte[] mac));
        Assert.Equal(0x8102, FlagsOf(answer));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(answer, Ours, mac, Now).Status);
    }

    [Fact]
    public void An_answer_that_is_too_long_with_its_signature_is_cut_and_signed()
    {
        using var upstream = new FakeUpstream(query => [[.. FakeUpstream.Answer(query), .. new byte[470]]]);
        using ListenerRig rig = Rig(upstream, ["key:ours"]);
        byte[] query = Query();
        byte[] answer = Exchange(rig, byTcp: false, Signed(query, Ours, out byte[] mac));
        Assert.InRange(answer.Length, query.Length, 512);
        Assert.Equal(0x8700, FlagsOf(answer));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(answer, Ours, mac, Now).Status);
    }

    [Theory]
    [InlineData("theirs.", "any", "key:ours")]
    [InlineData("ours.", "any")]
    public void A_signature_under_any_other_key_goes_to_the_server_untouched(string key, params string[] allowed)
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using ListenerRig rig = Rig(upstream, allowed);
        byte[] query = Signed(Query(), key == "ours." ? Ours : Theirs, out _);
        Assert.Equal(FakeUpstream.Answer(query), Exchange(rig, byTcp: false, query));
        Assert.Equal(query[2..], Assert.Single(upstream.Queries)[2..]);
    }

    [Fact]
    public void Neither_an_unknown_key_nor_none_passes_where_only_ours_may_ask()
    {
        using var upstream = new FakeUpstream(query => [FakeUpstream.Answer(query)]);
        using ListenerRig rig = Rig(upstream, ["key:ours"]);
        Assert.Equal(0x8109, FlagsOf(Exchange(rig, byTcp: false, Signed(Query(), Theirs, out _))));
        Assert.Equal(0x8105, FlagsOf(Exchange(rig, byTcp: false, Query())));
        Assert.Empty(upstream.Queries);
    }

    private static ulong Now => (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private static ListenerRig Rig(FakeUpstream upstream, string[] allowed, int timeoutMs = ListenerRig.PatienceMs) => new(
        upstream.Endpoint,
        timeoutMs: timeoutMs,
        allowQuery: AccessList.Parse(allowed),
        authenticator: new TsigAuthenticator(new TsigKeyring([Ours]), TimeProvider.System));

    private static byte[] Exchange(ListenerRig rig, bool byTcp, byte[] query)
    {
        if (!byTcp)
        {
            return ListenerRig.Exchange(rig.Udp(), query);
        }
        Socket client = rig.Tcp();
        client.Send(FakeUpstream.Frame(query));
        return ListenerRig.ReadFrame(client);
    }

    private static byte[] Signed(byte[] query, TsigKey key, out byte[] mac)
    {
        byte[] buffer = new byte[1024];
        query.CopyTo(buffer, 0);
        int length = query.Length;
        mac = new byte[64];
        Assert.True(TsigSigner.TrySignRequest(buffer, ref length, key, Now, mac, out int macLength));
        mac = mac[..macLength];
        return buffer[..length];
    }
}
