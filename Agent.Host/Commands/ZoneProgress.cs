using System.Globalization;
using System.Text.Json;
using Agent.Actors.Zones;
using Agent.Dns.Wire;

namespace Agent.Host.Commands;

/// <summary>How far a zone is, judged from the management interface's answer.</summary>
/// <param name="Level">Targets that were seen to serve what is waited for.</param>
/// <param name="Targets">Targets of the zone, and those that it has to leave.</param>
/// <param name="IsLevel">Enough of them were.</param>
/// <param name="IsStopped">A guard or a canary has stopped the content, so that waiting leads to nothing without an operator.</param>
internal sealed record ZoneProgress(string State, string Serial, int Level, int Targets, string Reason, bool IsLevel, bool IsStopped)
{
    public const string VerifiedState = "verified";

    public int ExitCode => this switch
    {
        { IsLevel: true } => Commands.ExitCode.Done,
        { IsStopped: true } => Commands.ExitCode.StoppedByGuard,
        { Level: > 0 } when Level < Targets => Commands.ExitCode.Partial,
        _ => Commands.ExitCode.TimedOut,
    };

    /// <param name="zone">The interface's answer.</param>
    /// <param name="wanted">A serial to reach (RFC 1982); null: whatever the agent wants itself.</param>
    /// <param name="quorum">How many targets are enough.</param>
    public static ZoneProgress Of(JsonElement zone, uint? wanted, Quorum quorum)
    {
        List<JsonElement> targets = [.. ApiClient.Items(zone, "targets")];
        int level = targets.Count(target => ApiClient.Text(target, "state") == VerifiedState && Has(target, wanted));
        string state = ApiClient.Text(zone, "state");
        bool isServed = state is not ("deleting" or "expired") && targets.Count > 0 && level >= quorum.Needed(targets.Count);

        // Who names no serial waits for all of them until the zone is at rest: what is wanted may be newer than what they serve.
        bool isLevel = isServed && (quorum.Kind != QuorumKind.All || wanted is not null || state == "ok");
        string reason = zone.TryGetProperty("reason", out JsonElement given) ? ApiClient.Text(given, "code") : "";
        return new ZoneProgress(
            state,
            ApiClient.Text(zone, "serial"),
            level,
            targets.Count,
            AskCommands.ReasonOf(zone),
            isLevel,
            IsStopped: !isLevel && (ApiClient.IsGuard(reason) || reason == Actors.Reasons.ReasonCode.RolloutStopped));
    }

    public override string ToString()
    {
        string serial = Serial.Length > 0 ? $", serial {Serial}" : "";
        string reason = Reason.Length > 0 ? $", {Reason}" : "";
        return $"{State}{serial}, {Level} of {Targets} targets verified{reason}";
    }

    private static bool Has(JsonElement served, uint? wanted) => wanted is not { } least
        || (uint.TryParse(ApiClient.Text(served, "serial"), NumberStyles.None, CultureInfo.InvariantCulture, out uint serial)
            && SerialNumber.IsSameOrNewer(serial, least));
}
