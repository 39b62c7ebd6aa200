using System.Net;
using System.Text;
using System.Text.Json;
using Agent.Actors.Reasons;

namespace Agent.Host.Etcd;

/// <summary>
/// Reads an error of etcd and says whether the request may have happened all the same. The codes are those of gRPC; which of them etcd
/// gives before it proposes a request to its peers, and which also afterwards, was read in its sources.
/// </summary>
internal static class EtcdError
{
    public const int None = -1;

    private const int InvalidArgument = 3;
    private const int NotFoundCode = 5;
    private const int AlreadyExists = 6;
    private const int PermissionDenied = 7;
    private const int FailedPrecondition = 9;
    private const int OutOfRange = 11;
    private const int Unimplemented = 12;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;
    private const int TextMax = 200;

    /// <summary>There is no such lease.</summary>
    public const int NotFound = NotFoundCode;

    /// <summary>A member says these before it looks at the request. Everything else that is "unavailable" (a timeout, a stop, a connection
    /// lost between members) leaves open whether the proposal got through.</summary>
    private static readonly string[] BeforeProposal =
        ["etcdserver: no leader", "etcdserver: not capable", "etcdserver: rpc not supported for learner"];

    /// <summary>The token is missing, over, or older than the last change of users; said before anything is done.</summary>
    private static readonly string[] TokenTexts =
    [
        "etcdserver: invalid auth token", "etcdserver: user name is empty", "etcdserver: revision of auth store is old",
    ];

    /// <summary>The failure in an answer with a status other than 200.</summary>
    public static EtcdException Read(Uri endpoint, HttpStatusCode status, ReadOnlyMemory<byte> octets)
    {
        try
        {
            using JsonDocument document = EtcdJson.Parse(octets);
            return Of(endpoint, document.RootElement);
        }
        catch (Exception failure) when (failure is JsonException or FormatException)
        {
            // Something else than etcd spoke, its gateway or a proxy before it; what it did with the request is not known.
            string said = Printable(Encoding.UTF8.GetString(octets.Span[..Math.Min(octets.Length, TextMax)]).Trim());
            string words = said.Length > 0 ? $": {said}" : " and no words of etcd";
            return EtcdException.Away($"{endpoint.Authority} answered with status {(int)status}{words}", EtcdOutcome.Open);
        }
    }

    /// <summary>The failure in an object with a text and a code; a stream calls them otherwise.</summary>
    public static EtcdException Of(Uri endpoint, JsonElement error)
    {
        string text = EtcdJson.Text(error, "message");
        if (text.Length == 0) text = EtcdJson.Text(error, "error");
        long code = EtcdJson.Number(error, "code");
        if (code == 0) code = EtcdJson.Number(error, "grpc_code");
        if (code is <= 0 or > Unauthenticated) throw new FormatException("the answer has a code of another kind");
        EtcdOutcome outcome = OutcomeOf((int)code, text);
        bool isRefusal = (outcome == EtcdOutcome.Refused && code != Unavailable) || IsNoSpace(text);
        Reason reason = new(isRefusal ? ReasonCode.StoreRefused : ReasonCode.StoreAway, $"{endpoint.Authority}: {Printable(text)}");
        return new EtcdException(reason, outcome, (int)code, blamesEndpoint: !isRefusal);
    }

    public static bool AsksForToken(EtcdException failure) =>
        failure.Outcome == EtcdOutcome.Refused
        && TokenTexts.Any(text => failure.Reason.Text.EndsWith($": {text}", StringComparison.Ordinal));

    public static bool SaysNoAuthentication(EtcdException failure) =>
        failure.Code == FailedPrecondition
        && failure.Reason.Text.EndsWith("authentication is not enabled", StringComparison.Ordinal);

    /// <summary>What a server says goes into logs: short, and in one line.</summary>
    public static string Printable(string text)
    {
        string line = string.Concat(text.Take(TextMax).Select(character => char.IsControl(character) ? ' ' : character));
        return text.Length > TextMax ? $"{line}..." : line;
    }

    private static EtcdOutcome OutcomeOf(int code, string text) => code switch
    {
        // The form of a request, its rights and its leases are checked before the first of its writes is made.
        InvalidArgument or NotFoundCode or AlreadyExists or PermissionDenied or FailedPrecondition or OutOfRange or Unimplemented
            or Unauthenticated => EtcdOutcome.Refused,
        Unavailable when BeforeProposal.Contains(text, StringComparer.Ordinal) => EtcdOutcome.Refused,

        // Among them "database space exceeded", which the request that crosses the line gets although it was carried out.
        _ => EtcdOutcome.Open,
    };

    /// <summary>Every member says it, to every write, until an operator has made room and disarmed the alarm.</summary>
    private static bool IsNoSpace(string text) => text.EndsWith("database space exceeded", StringComparison.Ordinal);
}
