using Agent.Backends.Shared;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Backends.DynamicUpdate;

/// <summary>What a server said to an update, and what that means for the order.</summary>
internal static class UpdateVerdict
{
    /// <summary>True when it was done; false when the server's SOA is another one than the message starts from.</summary>
    /// <exception cref="BackendException">It was not done, and looking again would not help.</exception>
    public static bool Of(ReadOnlySpan<byte> answer, ushort id, DomainName zone, TsigKey key, ReadOnlySpan<byte> requestMac, ulong now)
    {
        if (!MessageHeader.TryRead(answer, out MessageHeader header)
            || !header.IsResponse || header.Id != id || header.Opcode != Opcode.Update)
            throw BackendException.Away("the server's answer to an update is none");
        if (header.ResponseCode == ResponseCode.NoError)
        {
            // Whoever could forge this one would make us believe that the zone is as it is to be.
            TsigVerification signature = TsigVerifier.VerifyResponse(answer, key, requestMac, now);
            return signature.IsVerified ? true
                : throw BackendException.Away($"the signature of the server's answer is no good ({signature.Status})");
        }

        string? complaint = TsigComplaint.Of(answer);
        return header.ResponseCode switch
        {
            ResponseCode.NXRRSet or ResponseCode.YXRRSet or ResponseCode.NXDomain or ResponseCode.YXDomain => false,
            ResponseCode.NotAuth when complaint is not null =>
                throw BackendException.Refused($"the server does not take an update with the key {key.Name}: {complaint}"),
            ResponseCode.NotAuth => throw NotThere(zone),
            ResponseCode.Refused => throw BackendException.Refused(
                $"the server refuses the update of {zone} (REFUSED): it must allow the key {key.Name} to update the zone, "
                + "all its names and types; its log says more"),
            ResponseCode.ServFail => throw BackendException.Away($"the server failed at the update of {zone} (SERVFAIL); its log says why"),
            ResponseCode code => throw BackendException.Refused($"the server does not take the update of {zone} ({code})"),
        };
    }

    /// <summary>The zones of this driver exist there already.</summary>
    public static BackendException NotThere(DomainName zone) => BackendException.Refused(
        $"{zone} does not exist on the server as a primary zone (NOTAUTH); an update cannot create a zone: add it there first");
}
