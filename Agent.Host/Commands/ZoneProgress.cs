using System.Globalization;
using System.Text.Json;
using Agent.Dns.Wire;

namespace Agent.Host.Commands;

/// <summary>How far a zone is, judged from the management interface's answer.</summary>
/// <param name="IsLevel">Every target was seen to serve the zone as wanted, and the serial asked for is reached.</param>
internal sealed record ZoneProgress(string State, string Serial, int Level, int Targets, string Reason, bool IsLevel, bool IsBlockedByGuard)
{
    public const string VerifiedState = "verified";

    public int ExitCode => this switch
    {
        { IsLevel: true } => Commands.ExitCode.Done,
        { IsBlockedByGuard: true } => Commands.ExitCode.StoppedByGuard,
        { Level: > 0 } when Level < Targets => Commands.ExitCode.Partial,
        _ => Commands.ExitCode.TimedOut,
    };

    /// <param name="wanted">A serial to reach (RFC 1982); null: whatever the agent wants itself.</param>
    public static ZoneProgress Of(JsonElement zone, uint? wanted)
    {
        List<JsonElement> targets = [.. ApiClient.Items(zone, "targets")];
        int level = targets.Count(target => ApiClient.Text(target, "state") == VerifiedState);
        string state = ApiClient.Text(zone, "state");
        string serial = ApiClient.Text(zone, "serial");
        bool hasSerial = wanted is not { } least
            || (uint.TryParse(serial, NumberStyles.None, CultureInfo.InvariantCulture, out uint served)
                && SerialNumber.IsSameOrNewer(served, least));
        string reason = zone.TryGetProperty("reason", out JsonElement given) ? ApiClient.Text(given, "code") : "";
        bool isLevel = state == "ok" && level == targets.Count && hasSerial;
        return new ZoneProgress(state, serial, level, targets.Count, AskCommands.ReasonOf(zone), isLevel,
            IsBlockedByGuard: !isLevel && ApiClient.IsGuard(reason));
    }

    public override string ToString()
    {
        string serial = Serial.Length > 0 ? $", serial {Serial}" : "";
        string reason = Reason.Length > 0 ? $", {Reason}" : "";
        return $"{State}{serial}, {Level} of {Targets} targets verified{reason}";
    }
}
