using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <content>
/// Zones that belong to a catalog or to a master set. The owner stands in the row and is written before anybody hears of it: a claim is
/// answered when it is durable and not when the zone is served, for the catalog wants the zone however long its masters or servers take.
/// Only the owner takes the zone away; a catalog or a master set that is no longer configured owns nothing, so that what it left can be
/// cleared up by hand. What a sender of a master set creates belongs to that set, and so does a zone of nobody that it creates once more.
/// </content>
public sealed partial class ZoneMachine
{
    private static readonly Reason ClaimLate = new(ReasonCode.JournalAway, "the zone's owner is not durable yet");

    private readonly List<Waiter> _claimers = [];

    /// <summary>The catalog that the zone is being created for.</summary>
    private ZoneOwner? _claim;

    /// <summary>The master set that the zone is being created for, unless it is for a catalog.</summary>
    private ZoneOwner? _creator;

    /// <summary>What is to be written in the place of the row's owner.</summary>
    private ZoneOwner? _newOwner;

    /// <summary>Who was told last that the zone is not theirs: repeats write no event.</summary>
    private string? _refused;

    /// <summary>Whom the zone belongs to, or who is creating it; null for nobody.</summary>
    public ZoneOwner? Owner =>
        _phase == ZonePhase.Creating || (_phase == ZonePhase.Deleting && _recreate) ? _claim ?? _creator : _row?.Owner;

    private void OnClaim(ClaimAsked input)
    {
        if (Waiting >= _policy.MaxWaitingRequests)
        {
            Answer(input.Requester, ZoneOutcome.Failed, TooManyWait);
        }
        else if (_writeDelay is { } away)
        {
            Answer(input.Requester, ZoneOutcome.Failed, away);
        }
        else if (WhyNotClaimed(input) is { } why)
        {
            Answer(input.Requester, ZoneOutcome.Failed, why);
        }
        else if (_phase == ZonePhase.Present && _newOwner is null && _row!.Owner == input.Owner)
        {
            Answer(input.Requester, ZoneOutcome.Done, null);
        }
        else
        {
            Join(_claimers, input.Requester, _targets);
            AddEvent("claimed", $"by {input.Origin.Client}", traceId: input.Origin.TraceId);
            if (_phase == ZonePhase.Present) _newOwner = input.Owner;
            else BeginClaimed(input.Owner);
        }
    }

    private void BeginClaimed(ZoneOwner owner)
    {
        _claim = owner;
        _promised = true;
        _wantAccept = true;
        if (_phase == ZonePhase.Deleting)
        {
            _recreate = true;
            return;
        }

        _phase = ZonePhase.Creating;
        _due = true;
    }

    private Reason? WhyNotClaimed(ClaimAsked input)
    {
        bool isNobodys = _phase == ZonePhase.Unknown || (_phase == ZonePhase.Deleting && !_recreate);
        if (isNobodys) return null;
        DomainName claimer = input.Owner.Catalog;
        if (Owner is not { MasterSet: null } held)
        {
            return input.Adopts && _phase == ZonePhase.Present
                ? null
                : new Reason(ReasonCode.OwnedElsewhere, "the zone was created by a control message");
        }

        bool isFree = held.Catalog == claimer || held.NextOwner == claimer || !_policy.Catalogs.Contains(held.Catalog);
        return isFree ? null : BelongsTo(held);
    }

    private Reason BelongsTo(ZoneOwner owner) => owner.MasterSet is { } set
        ? new Reason(ReasonCode.OwnedElsewhere, $"the zone belongs to the master set {set}")
        : owner.Catalog == _name
        ? new Reason(ReasonCode.OwnedElsewhere, "the zone is a catalog of the configuration")
        : new Reason(ReasonCode.OwnedElsewhere, $"the zone belongs to the catalog {owner.Catalog}");

    /// <summary>Why a control message cannot take the zone away; null when it can.</summary>
    private Reason? WhyNotDeleted(DeleteAsked input) => WhyOnlyItsCatalog() ?? (input.Force ? null : WhyNotOf(input.Origin));

    /// <summary>Why nobody but a catalog may take the zone away; null where it belongs to none of those that are configured.</summary>
    private Reason? WhyOnlyItsCatalog()
    {
        if (_phase == ZonePhase.Deleting && !_recreate) return null;
        return Owner is { MasterSet: null } owner && _policy.Catalogs.Contains(owner.Catalog) ? BelongsTo(owner) : null;
    }

    /// <summary>Why the zone is not the sender's to create or delete, as far as master sets say; null when it is.</summary>
    private Reason? WhyNotOf(RequestOrigin sender)
    {
        if (_phase == ZonePhase.Deleting && !_recreate) return null;
        return IsAnothers(sender.MasterSet) ? BelongsTo(Owner!) : null;
    }

    private bool IsAnothers(string? masterSet) =>
        Owner is { MasterSet: { } set } && set != masterSet && _policy.MasterSets.Contains(set);

    /// <summary>Answers who asks for what is another's. The history tells of it once for each sender.</summary>
    private void Refuse(long requester, RequestOrigin sender, string what, Reason why)
    {
        Answer(requester, ZoneOutcome.Failed, why);
        string whom = $"{what} from {sender.MasterSet ?? sender.KeyName ?? "no master set"}";
        if (_refused == whom) return;
        _refused = whom;
        AddEvent("not-owner", $"{what} from {sender.Client} is refused: {why.Text}", traceId: sender.TraceId);
    }

    private ZoneOwner? SetOf(RequestOrigin sender) =>
        sender.MasterSet is { } set && _policy.MasterSets.Contains(set) ? ZoneOwner.OfMasterSet(set) : null;

    /// <summary>A zone of nobody belongs to the master set that creates it, also when it is there already.</summary>
    private void TakeForSet(RequestOrigin sender)
    {
        if (sender.MasterSet is not { } set || !_policy.MasterSets.Contains(set) || _newOwner is not null) return;
        bool isNobodys = _row!.Owner is not { } owner
            || (owner.MasterSet is { } former && former != set && !_policy.MasterSets.Contains(former));
        if (!isNobodys) return;
        _newOwner = ZoneOwner.OfMasterSet(set);
        AddEvent("claimed", $"for the master set {set}, by CREATE from {sender.Client}", traceId: sender.TraceId);
    }

    private void OnRelease(ReleaseAsked input)
    {
        if (_phase == ZonePhase.Unknown)
        {
            Answer(input.Requester, ZoneOutcome.Done, null);
            return;
        }

        bool isGoing = _phase == ZonePhase.Deleting && !_recreate;
        if (!isGoing && Owner?.Catalog != input.Catalog)
        {
            Answer(input.Requester, ZoneOutcome.Failed, new Reason(ReasonCode.OwnedElsewhere, $"the zone is not of {input.Catalog}"));
            return;
        }

        Delete(new DeleteAsked(input.Requester, _targets, input.Origin));

        // A catalog waits for the journal, not for servers: they are brought level in any case.
        OnDeadline(input.Requester);
    }

    private void WriteOwner() => Write(WritePurpose.Owner, _row! with { Owner = _newOwner });

    private void OwnerIsDurable(ZoneOwner? before)
    {
        ZoneOwner? written = _row!.Owner;
        if (_newOwner == written) _newOwner = null;
        if (_phase == ZonePhase.Deleting) return;
        if (_newOwner is null) AnswerAll(_claimers, ZoneOutcome.Done, null);
        if (written is null || written.Catalog == _name) return;
        if (before is not null && before.Label != written.Label)
        {
            // RFC 9432 section 5.4: under another label nothing counts that is known of the zone.
            AddEvent("reset", $"{written.Catalog} names the zone anew; it is transferred from scratch");
            _force = true;
            AskMasters();
        }
        else if (before?.Catalog != written.Catalog || before.Group != written.Group)
        {
            // The zone may have other masters now, with other content.
            AskMasters();
        }
    }

    private void OwnerNotDurable(Reason reason)
    {
        _newOwner = null;
        AnswerAll(_claimers, ZoneOutcome.Failed, reason);
    }

    /// <summary>The zone stands with the owner that it was created for.</summary>
    private void ClaimIsDurable()
    {
        _claim = null;
        if (_newOwner is null) AnswerAll(_claimers, ZoneOutcome.Done, null);
    }

    /// <summary>What was claimed behind a deletion is not.</summary>
    private void DropRecreation(Reason reason)
    {
        DropClaim(reason);
        _wantAccept = false;
    }

    private void DropClaim(Reason reason)
    {
        _claim = null;
        _newOwner = null;
        AnswerAll(_claimers, ZoneOutcome.Failed, reason);
    }
}
