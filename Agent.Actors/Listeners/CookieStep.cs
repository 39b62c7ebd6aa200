using Agent.Actors.Cookies;
using Agent.Actors.Telemetry;
using Agent.Dns.Cookies;
using Agent.Dns.Wire;

namespace Agent.Actors.Listeners;

/// <summary>
/// Judges the cookie of a request that we answer ourselves. The cookies of queries that are passed on are between the client and the server
/// behind us.
/// </summary>
internal sealed class CookieStep(CookieJar jar, bool queriesAreRelayed) : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context)
    {
        if (!context.Edns.IsPresent || (queriesAreRelayed && context.Kind == RequestKind.Query)
            || !context.Edns.TryGetOption(EdnsOptionCode.Cookie, out ReadOnlySpan<byte> option))
        {
            return null;
        }
        if (!DnsCookie.IsWellFormed(option))
        {
            return new StepRefusal(ResponseCode.FormErr);
        }
        context.Cookie = jar.Judge(option, context.Source.Client);
        context.CookieOption = option;
        AgentMetrics.CountCookie(context.Cookie switch
        {
            CookieStatus.Good => "good",
            CookieStatus.Bad => "bad",
            CookieStatus.ClientOnly => "new",
            _ => "none",
        });
        return null;
    }
}

/// <summary>
/// Where cookies are required, sends a client that has cookies, but none of ours that is good, back for one by UDP (RFC 7873 section
/// 5.2.3). A client without any is answered as ever, and a signature says more than a cookie.
/// </summary>
internal sealed class CookieRequiredStep : IRequestStep
{
    public StepRefusal? Apply(ref RequestContext context) =>
        context.Cookie is CookieStatus.ClientOnly or CookieStatus.Bad && !context.HasTsig
            && context.Source.Transport == AnswerTransport.Udp
            ? new StepRefusal(ResponseCode.BadCookie)
            : null;
}
