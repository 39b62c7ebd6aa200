using Agent.Bench.Chaos;

namespace Agent.Tests.Chaos;

/// <summary>What may be so after the answers that clients got: the book by which a round of chaos is judged.</summary>
public sealed class ZoneLedgerTests
{
    private readonly ZoneLedger _ledger = new("a.example.");

    [Fact]
    public void A_zone_that_nobody_asked_for_is_not_there()
    {
        Assert.True(_ledger.MayBe(isThere: false));
        Assert.False(_ledger.MayBe(isThere: true));
    }

    [Fact]
    public void What_was_answered_with_success_holds()
    {
        Create(1, 2, AnswerKind.Done);
        Assert.False(_ledger.MayBe(isThere: false));
        Delete(3, 4, AnswerKind.Done);
        Assert.False(_ledger.MayBe(isThere: true));
        Assert.True(_ledger.MayBe(isThere: false));
    }

    [Fact]
    public void Of_two_at_the_same_time_either_may_be_the_last()
    {
        Create(1, 3, AnswerKind.Done);
        Delete(2, 4, AnswerKind.Done);
        Assert.True(_ledger.MayBe(isThere: true));
        Assert.True(_ledger.MayBe(isThere: false));
    }

    [Fact]
    public void What_failed_may_have_been_done_but_not_long_after_its_answer()
    {
        Create(1, 2, AnswerKind.Done);
        Delete(3, 4, AnswerKind.Failed);
        Assert.True(_ledger.MayBe(isThere: true));
        Assert.True(_ledger.MayBe(isThere: false));
        Create(20, 21, AnswerKind.Done);
        Assert.False(_ledger.MayBe(isThere: false));
    }

    [Fact]
    public void What_got_no_answer_may_be_done_at_any_later_time_and_what_was_not_sent_never()
    {
        Create(1, 2, AnswerKind.Done);
        Delete(3, 4, AnswerKind.NotSent);
        Assert.False(_ledger.MayBe(isThere: false));
        Delete(5, 20, AnswerKind.Silent);
        Create(60, 61, AnswerKind.Done);
        Assert.True(_ledger.MayBe(isThere: false));
        Assert.True(_ledger.MayBe(isThere: true));
    }

    [Fact]
    public void A_change_is_noted_by_what_was_asked_behind_it_with_success()
    {
        Notify(1, 2, AnswerKind.Done);
        _ledger.Changed(2, At(3));
        Assert.False(_ledger.IsNoted);
        Notify(4, 5, AnswerKind.Failed);
        Notify(4, 20, AnswerKind.Silent);
        Assert.False(_ledger.IsNoted);
        Notify(6, 7, AnswerKind.Done);
        Assert.True(_ledger.IsNoted);
    }

    [Fact]
    public void A_change_that_nobody_has_seen_at_its_master_is_never_taken_for_noted()
    {
        _ledger.Changed(3, at: null);
        _ledger.Changed(2, At(1));
        Notify(6, 7, AnswerKind.Done);
        Assert.False(_ledger.IsNoted);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Create(double asked, double ended, AnswerKind answer) => Add(wanted: true, asked, ended, answer);

    private void Delete(double asked, double ended, AnswerKind answer) => Add(wanted: false, asked, ended, answer);

    private void Notify(double asked, double ended, AnswerKind answer) => Add(wanted: null, asked, ended, answer);

    private void Add(bool? wanted, double asked, double ended, AnswerKind answer) =>
        _ledger.Add(new LedgerEntry(wanted, "n1", At(asked), At(ended), answer, ""));
}
