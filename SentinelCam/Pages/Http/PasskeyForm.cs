using SentinelCam.Accounts;

namespace SentinelCam.Pages;

/// <summary>The fields in which a form carries the answer of a passkey.</summary>
public static class PasskeyForm
{
    public const string Answer = "PasskeyAnswer";
    public const string State = "PasskeyState";

    /// <summary>The answer in a posted form; null if it has none.</summary>
    public static PasskeyAnswer? Read(IFormCollection form)
    {
        ArgumentNullException.ThrowIfNull(form);
        return form[Answer].ToString() is { Length: > 0 } answer ? new PasskeyAnswer(answer, form[State].ToString()) : null;
    }
}
