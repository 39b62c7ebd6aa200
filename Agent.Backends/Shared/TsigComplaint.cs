using Agent.Dns.Tsig;
using Agent.Dns.Wire;

namespace Agent.Backends.Shared;

/// <summary>What a server holds against our signature, in words.</summary>
public static class TsigComplaint
{
    /// <summary>
    /// Null when the answer names no error of the signature. An error that says that the key or the signature is bad cannot be signed, so
    /// it serves as an explanation and never as a proof.
    /// </summary>
    public static string? Of(ReadOnlySpan<byte> answer)
    {
        if (TsigRecord.Find(answer, out TsigRecord tsig) != TsigStatus.Verified)
            return null;
        return tsig.Error switch
        {
            ResponseCode.NoError => null,
            ResponseCode.BadKey => "it does not know the key by this name and algorithm (BADKEY)",
            ResponseCode.BadSig => "its key of this name has another secret (BADSIG)",
            ResponseCode.BadTime => "its clock and ours differ by more than five minutes (BADTIME)",
            _ => $"TSIG error {(ushort)tsig.Error}",
        };
    }
}
