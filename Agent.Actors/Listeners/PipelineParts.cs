using Agent.Actors.Cookies;

namespace Agent.Actors.Listeners;

/// <summary>What a pipeline works with. Parts may be shared by several pipelines, except the counters.</summary>
public sealed record PipelineParts
{
    /// <summary>Verifies and signs; null when no keys are configured, so that every signed request fails.</summary>
    public IRequestAuthenticator? Authenticator { get; init; }

    /// <summary>Answers queries in this process; null when they are relayed.</summary>
    public ILocalAnswerer? LocalAnswerer { get; init; }

    /// <summary>Limits error answers by UDP; null for no limit.</summary>
    public SourceRateLimiter? ErrorRate { get; init; }

    /// <summary>Limits NOTIFYs; null for no limit.</summary>
    public SourceRateLimiter? NotifyRate { get; init; }

    /// <summary>
    /// Zones are sent from here. An IXFR by UDP is answered later, with the zone's SOA, and so is a question for the life of a zone; else
    /// an IXFR by UDP gets an answer that says it was cut.
    /// </summary>
    public bool SendsZones { get; init; }

    /// <summary>
    /// Who may transfer zones from us is told their serials by their owners, too, whoever answers queries else: secondaries that know no
    /// other server of the zones ask for the SOA first.
    /// </summary>
    public bool TellsSerials { get; init; }

    /// <summary>Judges and gives out cookies; null when they are not spoken.</summary>
    public CookieJar? Cookies { get; init; }

    /// <summary>Counts answers.</summary>
    public RequestCounters? Counters { get; init; }

    /// <summary>Where trace ids start; random for each pipeline.</summary>
    public ulong TraceSeed { get; init; }
}
