using Agent.Actors.Transfers;
using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>
/// One transfer: differences where we hold something that they can start from and the master may be asked for them, else the whole zone.
/// </summary>
/// <remarks>
/// Whatever goes wrong with differences once the master was reached (an error code, a broken stream, one that stands still, steps that do
/// not fit what we hold), the whole zone is asked for once, so that no zone stays behind because of them. The master is then left in peace
/// with IXFR for a while; for an error code only when the whole zone came, for it may just have been busy. One that was silent is left so
/// at once: should the whole zone not come either, the next zone need not wait for both.
/// </remarks>
internal sealed class TransferRun(
    TransferZone request, TransferServices services, Action<TransferMoving> moving, CancellationToken cancelled)
{
    private readonly long _started = services.Clock.GetTimestamp();
    private TransferAttempt? _attempt;
    private TransferStatistics? _before;

    /// <summary>What was moved so far, in both attempts if there were two.</summary>
    public TransferStatistics Statistics
    {
        get
        {
            TransferStatistics last = _attempt?.Statistics ?? new TransferStatistics(0, 0, 0, 0, TimeSpan.Zero);
            return last with
            {
                Messages = last.Messages + (_before?.Messages ?? 0),
                Bytes = last.Bytes + (_before?.Bytes ?? 0),
                Duration = services.Clock.GetElapsedTime(_started),
            };
        }
    }

    /// <summary>Runs to the one final message; no failure of master, network or disk passes as an exception.</summary>
    public async Task<object> RunAsync()
    {
        if (request.Held is not { } held || !services.Options.Ixfr || !services.Rests.MayAsk(request.Address.Route, request.Zone))
            return await AttemptAsync(null);
        object outcome = await AttemptAsync(held);
        if (outcome is not TransferFailed failed || _attempt!.Fault is not { } fault)
            return outcome;
        if (fault is IxfrFault.Broken or IxfrFault.Silent)
            services.Rests.Note(request.Address.Route, fault == IxfrFault.Silent ? null : request.Zone);
        _before = _attempt.Statistics;
        object whole = await AttemptAsync(null);
        if (whole is not TransferCompleted completed)
            return whole;
        if (fault is IxfrFault.Refused or IxfrFault.Unknown)
            services.Rests.Note(request.Address.Route, fault == IxfrFault.Unknown ? null : request.Zone);
        return completed with { Statistics = Statistics with { FellBackFrom = failed.Reason.Text } };
    }

    private async Task<object> AttemptAsync(ZoneContent? from)
    {
        _attempt = new TransferAttempt(request, from, services, moving, cancelled);
        object outcome = await _attempt.RunAsync();
        if (_attempt.RejectedKey is not { } key || !services.Keyring.TryTurn(request.Address.Master, key))
            return outcome;
        _attempt = new TransferAttempt(request, from, services, moving, cancelled);
        return await _attempt.RunAsync();
    }
}

/// <summary>What was wrong with the answer to an IXFR, where the whole zone may still be had.</summary>
internal enum IxfrFault
{
    /// <summary>The master does not know IXFR: NOTIMP, FORMERR, or it hung up on the question.</summary>
    Unknown,

    /// <summary>It said nothing, or no more than its SOA, until its time was over.</summary>
    Silent,

    /// <summary>It answered with another error code, perhaps because it was busy.</summary>
    Refused,

    /// <summary>The answer was broken, stood still, or did not fit what we hold.</summary>
    Broken,

    /// <summary>Nothing is wrong with the master: the differences are too large, or what we hold cannot be read.</summary>
    Ours,
}
