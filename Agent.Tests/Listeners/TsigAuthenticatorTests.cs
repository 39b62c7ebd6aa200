using Agent.Actors.Listeners;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using static Agent.Tests.Listeners.Requests;

namespace Agent.Tests.Listeners;

public sealed class TsigAuthenticatorTests
{
    private const ulong Now = 1_800_000_000;

    private static readonly TsigKey Key = new(DomainName.Parse("pool."), TsigAlgorithm.HmacSha256, "0123456789abcdef"u8);
    private static readonly TsigKey Other = new(DomainName.Parse("pool."), TsigAlgorithm.HmacSha256, "fedcba9876543210"u8);
    private static readonly TsigKey Unknown = new(DomainName.Parse("else."), TsigAlgorithm.HmacSha256, "0123456789abcdef"u8);

    private readonly RecordingPath _path = new();

    [Fact]
    public void A_good_key_opens_what_the_address_does_not_and_the_answer_verifies()
    {
        RequestOutcome outcome = Run(Key, Now, out byte[] mac, out _);
        Assert.Equal(DomainName.Parse("pool."), outcome.Control!.KeyName);
        outcome.Control.TryAnswer(ControlAnswer.Done);
        byte[] answer = _path.Sent.Single();
        Assert.Equal(0xF400, FlagsOf(answer));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(answer, Key, mac, Now).Status);
    }

    [Fact]
    public void A_wrong_secret_is_NOTAUTH_BADSIG_without_a_signature()
    {
        Run(Other, Now, out byte[] mac, out byte[] reply);
        Assert.Equal(0xF009, FlagsOf(reply));
        TsigVerification said = TsigVerifier.VerifyResponse(reply, Other, mac, Now);
        Assert.Equal(TsigStatus.PeerError, said.Status);
        Assert.Equal(ResponseCode.BadSig, said.PeerError);
    }

    [Fact]
    public void An_unknown_key_is_NOTAUTH_BADKEY()
    {
        Run(Unknown, Now, out byte[] mac, out byte[] reply);
        Assert.Equal(0xF009, FlagsOf(reply));
        Assert.Equal(ResponseCode.BadKey, TsigVerifier.VerifyResponse(reply, Unknown, mac, Now).PeerError);
    }

    [Fact]
    public void A_wrong_clock_is_NOTAUTH_BADTIME_and_signed()
    {
        Run(Key, Now - 1000, out byte[] mac, out byte[] reply);
        Assert.Equal(0xF009, FlagsOf(reply));
        TsigVerification said = TsigVerifier.VerifyResponse(reply, Key, mac, Now - 1000);
        Assert.Equal(ResponseCode.BadTime, said.PeerError);
        Assert.Equal(Now, said.PeerTime);
    }

    [Fact]
    public void A_signed_refusal_can_be_verified()
    {
        Run(Key, Now, out byte[] mac, out byte[] reply, AccessList.None);
        Assert.Equal(0xF005, FlagsOf(reply));
        Assert.Equal(TsigStatus.Verified, TsigVerifier.VerifyResponse(reply, Key, mac, Now).Status);
    }

    private RequestOutcome Run(TsigKey key, ulong signedAt, out byte[] mac, out byte[] reply, AccessList? allowed = null)
    {
        byte[] buffer = new byte[1024];
        byte[] create = Message(0x7400, CreateType, PrivateClass);
        create.CopyTo(buffer, 0);
        int length = create.Length;
        mac = new byte[64];
        Assert.True(TsigSigner.TrySignRequest(buffer, ref length, key, signedAt, mac, out int macLength));
        mac = mac[..macLength];
        var authenticator = new TsigAuthenticator(TsigKeyring.Empty, new FixedClock());
        authenticator.UseKeys(new TsigKeyring([Key]));
        var pipeline = new RequestPipeline(
            new ListenerPolicy { AllowControl = allowed ?? AccessList.Parse("key:pool") },
            new PipelineParts { Authenticator = authenticator });
        byte[] room = new byte[1232];
        RequestOutcome outcome = pipeline.Process(buffer.AsSpan(0, length), From("198.51.100.1", path: _path), room, 0);
        reply = room[..outcome.ReplyLength];
        return outcome;
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds((long)Now);
    }
}
