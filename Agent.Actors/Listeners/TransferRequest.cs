using Agent.Actors.Cookies;
using Agent.Dns.Cookies;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>An AXFR or IXFR that its sender may have, or an SOA question that also asks for the life of the zone.</summary>
public sealed class TransferRequest
{
    internal TransferRequest(ref RequestContext context, DomainName zone, PipelineParts parts, int messageBytesMax)
    {
        Zone = zone;
        Type = context.Question.Type;
        ClientSerial = Type == RecordType.IXFR ? context.Serial : null;
        Query = context.Message.ToArray();
        Source = context.Source;
        Authentication = context.Authentication;
        Authenticator = parts.Authenticator;
        TraceId = context.TraceId;
        MessageBytesMax = messageBytesMax;
        if (context.Cookie == CookieStatus.None)
        {
            return;
        }
        byte[] cookie = new byte[DnsCookie.OptionBytes];
        Cookie = parts.Cookies!.TryWrite(context.CookieOption, context.Cookie, context.Source.Client, cookie) ? cookie : default;
    }

    /// <summary>The zone, in the case that was sent.</summary>
    public DomainName Zone { get; }

    /// <summary>AXFR, IXFR or SOA.</summary>
    public RecordType Type { get; }

    /// <summary>The serial that an IXFR client has; null for AXFR, or when it did not say.</summary>
    public uint? ClientSerial { get; }

    /// <summary>The whole query; its id and question begin every answer.</summary>
    public ReadOnlyMemory<byte> Query { get; }

    /// <summary>Who asks.</summary>
    public RequestSource Source { get; }

    /// <summary>What the query's signature was worth; a verified one means that the answers are signed.</summary>
    public RequestAuthentication Authentication { get; }

    /// <summary>Signs the answers.</summary>
    public IRequestAuthenticator? Authenticator { get; }

    /// <summary>Octets that a message to the client may have, signed and all: by UDP what it takes.</summary>
    public int MessageBytesMax { get; }

    /// <summary>The cookie that the first message gives back; empty for none.</summary>
    public ReadOnlyMemory<byte> Cookie { get; }

    /// <summary>
    /// Of an SOA question: the whole answer, signed and all, without the life that only the zone's owner knows. Empty when there is none.
    /// </summary>
    public ReadOnlyMemory<byte> PlainAnswer { get; init; }

    /// <summary>Joins everything that the request causes in logs and traces.</summary>
    public ulong TraceId { get; }
}
