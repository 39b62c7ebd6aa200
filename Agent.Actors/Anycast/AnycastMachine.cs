using System.Collections.Immutable;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;

namespace Agent.Actors.Anycast;

/// <summary>Which announcers a withdrawal counts on.</summary>
public enum LeaveBasis
{
    /// <summary>No leave is wanted.</summary>
    None = 0,

    /// <summary>Any other announcer will do: this node goes anyway.</summary>
    Announcing = 1,

    /// <summary>Only one that has nothing against it: this node goes in its favour.</summary>
    Fit = 2,
}

/// <summary>
/// Decides whether the node attracts traffic, as a pure machine: facts and the time go in.
/// </summary>
/// <remarks>
/// <code>
///              good looks, rise delay over; or too few others for long (last resort)
///   Withdrawn ---------------------------------------------------------------------> Announced
///       ^                                                                                |
///       +------------ stuck; or bad looks and the others' leave (alone: its own) --------+
/// </code>
/// Bad looks without a leave change the metric only. What a leave counts on is compared by whoever asks for it, in the cluster's store.
/// Nothing here is announced or withdrawn: the caller carries out what <see cref="IsAnnounced"/> and <see cref="Metric"/> say.
/// </remarks>
public sealed class AnycastMachine
{
    private readonly AnycastPolicy _policy;
    private TimeSpan _withdrawnAt;
    private TimeSpan? _lackingSince;
    private TimeSpan? _stoppingSince;
    private int _good;
    private int _bad;
    private bool _passed;

    /// <summary>A withdrawn node.</summary>
    /// <param name="policy">The thresholds.</param>
    /// <param name="now">The time of the start.</param>
    public AnycastMachine(AnycastPolicy policy, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _policy = policy;
        _withdrawnAt = now;
        Metric = policy.MetricFit;
        Reasons = [new Reason(ReasonCode.NotVerifiedYet, "the agent has just started")];
    }

    /// <summary>Whether the node shall attract traffic.</summary>
    public bool IsAnnounced { get; private set; }

    /// <summary>Its metric while it does.</summary>
    public int Metric { get; private set; }

    /// <summary>Whether others may count on it.</summary>
    public bool IsFit { get; private set; }

    /// <summary>All zones were proven once since the start.</summary>
    public bool HasPassed => _passed;

    /// <summary>The leave that is wanted for a withdrawal.</summary>
    public LeaveBasis Leave { get; private set; }

    /// <summary>What speaks against the node, and why it is announced or withdrawn all the same.</summary>
    public ImmutableArray<Reason> Reasons { get; private set; }

    /// <summary>One look.</summary>
    public void Look(AnycastFacts facts, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(facts);
        _passed |= AnycastJudge.HasPassed(facts, _policy);
        AnycastJudgement judgement = AnycastJudge.Of(facts, _policy, _passed);
        IsFit = judgement.IsFit;
        Reasons = judgement.Reasons;
        Leave = LeaveBasis.None;
        _good = judgement.IsFit ? Math.Min(_good + 1, _policy.Rise) : 0;
        _bad = judgement.IsFit ? 0 : Math.Min(_bad + 1, _policy.Fall);
        if (IsAnnounced) Stay(facts, judgement, now);
        else Rise(facts, judgement, now);
    }

    /// <summary>The store has given the leave: this node is counted on no more, and goes.</summary>
    public void Left(TimeSpan now)
    {
        if (IsAnnounced) Withdraw(now);
    }

    /// <summary>
    /// No look for so long that routers have taken the node for dead: it comes back like one that starts, for nobody knows what it has
    /// missed.
    /// </summary>
    public void Woke(TimeSpan now)
    {
        CodeProbe.Reached("anycast.woke");
        _passed = false;
        Withdraw(now);
    }

    private void Stay(AnycastFacts facts, AnycastJudgement judgement, TimeSpan now)
    {
        if (facts.IsStuck)
        {
            Withdraw(now);
        }
        else if (facts.IsStopping)
        {
            Stop(facts, now);
        }
        else if (judgement.IsFit)
        {
            // Becoming worse counts at once, becoming better only when it lasts.
            int metric = judgement.IsLate ? _policy.MetricLate : _policy.MetricFit;
            if (metric > Metric || _good >= _policy.Rise) Metric = metric;
        }
        else if (_bad >= _policy.Fall)
        {
            Metric = _policy.MetricLastResort;
            Go(facts, judgement, now);
        }
    }

    /// <summary>The process ends in any case; the question is only whether it waits for another announcer.</summary>
    private void Stop(AnycastFacts facts, TimeSpan now)
    {
        _stoppingSince ??= now;
        bool isForNobody = facts.IsAlone || _policy.MinimumAnnouncers == 0 || facts.Others is { Members: 0 };
        if (isForNobody || now - _stoppingSince >= _policy.StopWait)
            Withdraw(now);
        else if (facts.Others?.Announcing >= _policy.MinimumAnnouncers)
            Leave = LeaveBasis.Announcing;
        else
            Note(ReasonCode.LastAnnouncer, "the stop waits for another node to announce");
    }

    private void Go(AnycastFacts facts, AnycastJudgement judgement, TimeSpan now)
    {
        if (facts.IsAlone)
        {
            if (MayBeSilentAlone(judgement)) Withdraw(now);
            else Note(ReasonCode.LastAnnouncer, "an agent that stands alone stays");
            return;
        }

        if (_policy.MinimumAnnouncers == 0)
        {
            Withdraw(now);
            return;
        }

        LeaveBasis basis = facts.IsDraining ? LeaveBasis.Announcing : LeaveBasis.Fit;
        if (facts.Others is not { } others)
        {
            CodeProbe.Reached("anycast.stays-unheard");
            Note(ReasonCode.StoreAway, "the cluster cannot be asked, so the node stays");
        }
        else if ((basis == LeaveBasis.Fit ? others.Fit : others.Announcing) < _policy.MinimumAnnouncers)
        {
            CodeProbe.Reached("anycast.stays-as-last");
            Note(ReasonCode.LastAnnouncer, "too few others announce that are better, so the node stays");
        }
        else
        {
            Leave = basis;
        }
    }

    private void Rise(AnycastFacts facts, AnycastJudgement judgement, TimeSpan now)
    {
        if (facts.IsStuck || facts.IsStopping) return;
        if (judgement.IsFit)
        {
            if (_good >= _policy.Rise && now - _withdrawnAt >= _policy.RiseDelay)
            {
                Announce(judgement.IsLate ? _policy.MetricLate : _policy.MetricFit);
                return;
            }

            Note(ReasonCode.RiseDelay, "the node is fit and waits before it announces");
        }

        bool isLacking = _policy.MinimumAnnouncers > 0
            && (facts.IsAlone ? !MayBeSilentAlone(judgement) : !(facts.Others?.Announcing >= _policy.MinimumAnnouncers));
        _lackingSince = isLacking ? _lackingSince ?? now : null;
        if (now - _lackingSince < _policy.LastResortAfter || !isLacking) return;
        CodeProbe.Reached("anycast.last-resort");
        Announce(_policy.MetricLastResort);
        Note(ReasonCode.LastAnnouncer, "nobody else announces");
    }

    /// <summary>Whoever cannot answer draws no traffic away from agents that it does not know of; stale answers are better than
    /// none.</summary>
    private bool MayBeSilentAlone(AnycastJudgement judgement) => !judgement.CanAnswer || _policy.WithdrawAlone;

    private void Announce(int metric)
    {
        IsAnnounced = true;
        Metric = metric;
        _lackingSince = null;
        _bad = 0;
    }

    private void Withdraw(TimeSpan now)
    {
        IsAnnounced = false;
        Leave = LeaveBasis.None;
        _withdrawnAt = now;
        _good = 0;
    }

    private void Note(string code, string text) => Reasons = Reasons.Add(new Reason(code, text));
}
