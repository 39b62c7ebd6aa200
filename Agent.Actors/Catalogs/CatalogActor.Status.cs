using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Microsoft.Extensions.Logging;

namespace Agent.Actors.Catalogs;

/// <content>What a catalog tells of itself.</content>
public sealed partial class CatalogActor
{
    private CatalogStatus Status()
    {
        CatalogPlan? plan = CurrentPlan;
        int adding = plan?.Added.Length ?? 0;
        int removing = plan?.Removals.Length ?? 0;
        (string state, Reason? reason) = Standing();
        return new CatalogStatus(Name, state, _row?.Content?.Serial, _held, adding, removing, reason)
        {
            Added = [.. (plan?.Added ?? []).Take(CatalogStatus.NamesMaximum)],
            Removed = [.. (plan?.Removals ?? []).Take(CatalogStatus.NamesMaximum)],
            Conflicts = _conflicts.Count,
            Conflicting = [.. _conflicts.Take(CatalogStatus.NamesMaximum)],
        };
    }

    private (string State, Reason? Reason) Standing()
    {
        if (_problem is not null) return ("broken", _problem);
        if (_phase == Phase.Applying && _underWay.Count + _steps.Count > 0) return ("applying", null);
        if (CurrentPlan is { IsStopped: true } plan)
        {
            return ("waiting", new Reason(
                ReasonCode.CatalogRemoval, $"{plan.Removals.Length} of {_held} members would be removed; an operator must approve it"));
        }

        if (_failure is not null) return ("failing", _failure);

        // Its zone does not follow the masters: a guard has stopped it, they refuse it or are away, or it has expired.
        if (CurrentPlan is not null && _row?.Reason is { } trouble) return ("failing", trouble);
        if (_conflicts.Count > 0)
        {
            return ("conflict", new Reason(
                ReasonCode.CatalogConflict, $"{_conflicts.Count} members are not free, such as {_conflicts[0].Zone}"));
        }

        return CurrentPlan is null ? ("loading", _row?.Reason) : ("ok", null);
    }

    /// <summary>Monitoring hears of what counts; the lists are for those who ask.</summary>
    private void Tell()
    {
        CatalogStatus status = Status();
        if (_told is { } told && told with { Added = status.Added, Removed = status.Removed, Conflicting = status.Conflicting } == status)
            return;
        _told = status;
        Context.System.EventStream.Publish(status);
    }

    /// <inheritdoc/>
    protected internal override void PostStop() => Context.System.EventStream.Publish(new CatalogEnded(Name));

    [LoggerMessage(EventId = 230, EventName = "catalog-broken", Level = LogLevel.Warning,
        Message = "{Catalog} is not processed, its members stay as they are: {Problem}")]
    private static partial void LogBroken(ILogger logger, DomainName catalog, string problem);

    [LoggerMessage(EventId = 231, EventName = "catalog-stopped", Level = LogLevel.Warning,
        Message = "{Catalog} drops {Removals} of its {Members} members at once; they stay until an operator approves it")]
    private static partial void LogStopped(ILogger logger, DomainName catalog, int removals, int members);

    [LoggerMessage(EventId = 232, EventName = "catalog-applying", Level = LogLevel.Information,
        Message = "{Catalog}: {Claims} zones to claim, {Removals} to remove")]
    private static partial void LogApplying(ILogger logger, DomainName catalog, int claims, int removals);

    [LoggerMessage(EventId = 233, EventName = "catalog-approved", Level = LogLevel.Information,
        Message = "{Catalog}: {Client} approves the removal of {Removals} members")]
    private static partial void LogApproved(ILogger logger, DomainName catalog, string client, int removals);
}

/// <summary>Published when the actor of a catalog ends on this node.</summary>
public sealed record CatalogEnded(DomainName Name);
