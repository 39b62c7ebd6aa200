using Agent.Actors.Listeners;
using Agent.Dns.Tsig;

namespace Agent.Host.Composition;

/// <summary>Verifies and signs with the keys in force and the machine's civil time, which is what TSIG is about.</summary>
internal sealed class TsigAuthenticator(KeyStore keys, TimeProvider clock) : IRequestAuthenticator
{
    public int SignatureBytesMax => TsigSigner.SignatureBytesMax;

    public RequestAuthentication Verify(ReadOnlySpan<byte> message)
    {
        TsigVerification verification = TsigVerifier.VerifyRequest(message, keys.Current, NowSeconds);
        AuthenticationStatus status = verification.Status switch
        {
            TsigStatus.Verified => AuthenticationStatus.Verified,
            TsigStatus.Unsigned => AuthenticationStatus.Unsigned,
            TsigStatus.Malformed => AuthenticationStatus.Malformed,
            _ => AuthenticationStatus.Failed,
        };
        return new RequestAuthentication(status, verification.IsVerified ? verification.KeyName : null, verification);
    }

    public int Sign(Span<byte> buffer, int length, in RequestAuthentication request)
    {
        if (request.State is TsigVerification verification) TsigSigner.TrySignReply(buffer, ref length, verification, NowSeconds);
        return length;
    }

    /// <summary>Signs the messages of a transfer one after the other.</summary>
    public TsigStreamSigner? BeginStream(in RequestAuthentication request) =>
        request.State is TsigVerification { IsVerified: true, Key: { } key } verification ? new TsigStreamSigner(key, verification.Mac.Span) : null;

    public ulong NowSeconds => (ulong)clock.GetUtcNow().ToUnixTimeSeconds();
}
