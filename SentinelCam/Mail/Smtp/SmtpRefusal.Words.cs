using System.Text.RegularExpressions;

namespace SentinelCam.Mail;

/// <summary>
/// What servers say: Postfix, Exim, Sendmail, Exchange, Courier, qmail, OpenSMTPD, Haraka, hMailServer, and large providers.
/// </summary>
internal static partial class SmtpRefusal
{
    private const RegexOptions Words = RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace
        | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    // Each line of a reply may repeat the enhanced code
    [GeneratedRegex(@"\s*\n([245]\.\d{1,3}\.\d{1,3}\s)?\s*", Words)]
    private static partial Regex LineBreak();

    // At the start; qmail puts it at the end: "(#5.7.1)"
    [GeneratedRegex(@"(^|\(\#|\s\#)[45]\.(?<detail>\d{1,3}\.\d{1,3})\b", Words)]
    private static partial Regex EnhancedCode();

    // "Must issue a STARTTLS command first", "Session encryption is required", "TLS required"
    [GeneratedRegex(@"
        \b(must|need\s(to)?|please|have\sto|required?\sto)\s(\w+\s){0,4}(starttls|tls|ssl)\b
        | \b(starttls|tls|ssl|encryption|encrypted\s(connection|session|channel))\W+(\w+\W+){0,3}
          (required|mandatory|needed|first)\b
        | \b(requires?|without)\s(\w+\s)?(starttls|tls|ssl|encryption)\b
        | \b(plain\s?text|unencrypted|insecure|non-(tls|ssl))\s(connections?|sessions?)\b
        ", Words)]
    private static partial Regex EncryptionWords();

    // "authentication required", "must be authenticated", "Client was not authenticated", "not logged in", "SMTP auth required",
    // "need EHLO and AUTH first", "send AUTH command first", "POP before SMTP"
    [GeneratedRegex(@"
        \b(authentication|authorization|auth|log-?in|sign-?in)\W+(\w+\W+){0,2}(required|mandatory|needed|first)\b
        | \b(must|please|need\sto|have\sto)\s(\w+\s){0,2}
          (authenticate|authenticated|log\s?in|logged\s?(in|on)|log\son|sign\sin|signed\sin)\b
        | \b(requires?|needs?|without|send|use)\s(\w+\s){0,2}(authentication|authorization|smtp\W?auth|auth)\b
        | \b(client|user|you)\s(was|is|are|has|have)\snot\s(been\s)?authenticated\b
        | \bnot\slogged\s(in|on)\b
        | \bunauthenticated\s(clients?|users?|sessions?|connections?|relay)\b
        | \bpop\W?(3\W?)?before\W?smtp\b
        | \bcheck\s(for\s)?((your|new)\s)*mail\s(first|before)\b
        ", Words)]
    private static partial Regex SignInWords();

    // "message size exceeds", "Message too large", "exceeded Google's message size limits", "exceeds my databytes limit",
    // "Message length is more than 10485760 bytes", "Message exceeds maximum fixed size", "exceeded mailsize limit"
    [GeneratedRegex(@"
        \b(messages?|msg|e?-?mails?|letter|files?|attachments?|content|body|data|size)\W+(\w+\W+){0,5}?too\W+(big|large|long)\b
        | \btoo\W+(big|large|long)\W+(an?\W+)?(messages?|e?-?mails?|attachments?|data|size)\b
        | \b(messages?|msg|e?-?mails?|files?|attachments?|content|body|data)\W*(size|length|bytes)\W+(\w+\W+){0,6}?
          (exceed(s|ed|ing)?|larger|greater|bigger|longer|more|over|above|limits?|maximum|allowed|permitted)\b
        | \b(messages?|msg|e?-?mails?|files?|attachments?|content|body|data)\W+(\w+\W+){0,6}?
          (exceed(s|ed|ing)?|larger|greater|bigger|longer)\W+(\w+'?\w*\W+){0,6}?(size|length|bytes|databytes|(k|m|ki|mi)b)\b
        | \bexceed(s|ed|ing)?\W+(\w+'?\w*\W+){0,6}?
          (messages?|mails?|attachments?|maximum|max|fixed|allowed|permitted|data)\W*(\w+\W+){0,2}?(size|length)\b
        | \bexceed(s|ed|ing)?\W+(\w+\W+){0,3}?(size|mailsize|databytes)\b
        | \b(maximum|max|maximal)\W+(\w+\W+)?(message|e?-?mail|attachment)\W*size\b
        | \bsize\W*limits?\W+(\w+\W+){0,4}?(exceeded|reached)\b
        | \b(send|recv|receive|message|mail)SizeLimit\b
        ", Words)]
    private static partial Regex SizeWords();

    // A line, a header or a list is too long: smaller pictures do not help
    [GeneratedRegex(@"\b(lines?|headers?|recipients|parts|addresses)\b", Words)]
    private static partial Regex PartWords();

    [GeneratedRegex(@"\b(mailbox|inbox|quota|storage|disk|space)\b", Words)]
    private static partial Regex MailboxWords();

    // "mailbox is full", "Insufficient system storage", "exceeded storage allocation", "disk full"
    [GeneratedRegex(@"
        \b(mailbox|inbox|mail\s?folder|disk)\W+(\w+\W+){0,3}?full\b
        | \b(mailbox|inbox)\W+(\w+\W+){0,4}?(size|limit|storage|capacity)\b
        | \b(insufficient|not\senough|out\sof|no|low\son|exceed(s|ed|ing)?)\W+(\w+\W+){0,3}?(storage|disk|space)\b
        | \b(storage|disk|space)\W+(\w+\W+){0,3}?(full|shortage|exceeded|allocation|low)\b
        ", Words)]
    private static partial Regex SpaceWords();

    // "over quota", "has exceeded his quota"; "quota has been exceeded", "quota limit reached"; "daily user sending limit";
    // "number of messages per hour exceeded", "limit on the number of outgoing messages was reached"; "too many messages"
    [GeneratedRegex(@"
        \b(over|exceed(s|ed|ing)?|out\sof|reached)\W+(\w+\W+){0,3}quota\b
        | \bquota\W*(\w+\W+){0,3}(exceeded|exceeds|full|reached|used\sup)\b
        | \b(sending|rate|daily|hourly)\W+(\w+\W+){0,3}limits?\b
        | (?<!\bsize\W)\b(limit|number)\W+(\w+\W+){0,5}(messages|e-?mails|recipients)\W+(\w+\W+){0,4}(exceeded|reached)\b
        | \btoo\s(many|much)\s(\w+\s){0,3}(messages|e?-?mails?)\b
        ", Words)]
    private static partial Regex QuotaWords();

    [GeneratedRegex(@"\bgr[ea]y-?\s?list", Words)]
    private static partial Regex Greylisting();

    // "Relay access denied", "relay not permitted", "Relaying denied", "Unable to relay"; qmail's rcpthosts. Not "User unknown in
    // relay recipient table", nor "use the SMTP relay of your provider".
    [GeneratedRegex(@"
        (?<!\b(smtp|mail|a)\s)\brelay(ing|ed|s)?\b(?!\W+(recipient|domain))
        | \brcpthosts\b
        | \b(domain|host)\W+(\w+\W+){0,2}?not\W+(\w+\W+)?(local|hosted|handled|served)\b
        | \bdelivery\sis\snot\sallowed\b
        ", Words)]
    private static partial Regex RelayWords();

    // "Helo command rejected: need fully-qualified hostname", "Syntactically invalid HELO argument(s)", "Invalid domain name"
    [GeneratedRegex(@"
        \b(helo|ehlo)\b
        | \bneed\s(a\s)?fully[-\s]qualified\s(host|domain)
        | ^([45]\.\d+\.\d+\s)?invalid\s(domain|host)\s?name
        | \b(say|send)\shello\b | \bhello\sfirst\b
        ", Words)]
    private static partial Regex HelloWords();

    [GeneratedRegex(@"
        \b(no\ssuch|unknown|invalid|bad|unrecognized|nonexistent|disabled|inactive)\s(\w+\s){0,2}
          (user|recipient|mailbox|account|rcpt)\b
        | \b(user|recipient|mailbox|account)\W+(\w+\W+){0,4}?
          (unknown|not\sfound|unavailable|does\snot\sexist|doesn't\sexist|disabled|inactive|suspended)\b
        | \brecipient\saddress\srejected\b
        | \bno\s(mailbox|user|account)\s(here|by\sthat|with\sthat)\b
        ", Words)]
    private static partial Regex RecipientWords();

    // RFC 7372 (reverse DNS); Microsoft: banned or blocked addresses, tenants and unregistered domains
    [GeneratedRegex(@"^7\.(25|50[1-3]|511|512|60[6-9]|6[1-4]\d|70[0-48]|711|750)$", Words)]
    private static partial Regex ClientCode();

    // "Client host rejected", "blocked using zen.spamhaus.org", "192.0.2.1 is in a black list", "does not have a PTR record",
    // "banned sending IP", "Mail from 192.0.2.1 refused"
    [GeneratedRegex(@"
        \bclient\s(host|address|ip)\b | \bsending\s(ip|server|host)\b
        | \bblocked\susing\b | \b(black|block|deny)\W?list | \b(dnsbl|rbl|spamhaus|spamcop|barracudacentral|sorbs)\b
        | \bbanned\b
        | \breverse\W?(dns|host|lookup) | \brdns\b | \bptr\b | \bip\s(name\s)?lookup\b
        | \byour\s(ip|host|hostname|network|server|machine|address|mta|isp)\b
        | \b(dynamic|residential|dial-?up)\s(\w+\s){0,2}(ip|address|host|range|client)
        | \b(ip|host)\W+(\w+\W+){0,4}?(address\W+)?(\[?[\da-f.:]+\]?\W+)?(\w+\W+){0,3}?
          (rejected|denied|blocked|listed|refused|banned|not\s(allowed|authorized|permitted|welcome))\b
        | \b\d{1,3}(\.\d{1,3}){3}\b.{0,80}\b
          (rejected|denied|blocked|listed|refused|banned|not\s(allowed|authorized|permitted))\b
        | \b(rejected|denied|blocked|listed|refused|banned)\b.{0,40}\b\d{1,3}(\.\d{1,3}){3}\b
        ", Words)]
    private static partial Regex ClientWords();

    // Bad sender address or system (RFC 3463); SPF, DKIM and null MX (RFC 7372, RFC 7505); "send as" denied (Microsoft)
    [GeneratedRegex(@"^(1\.[78]|7\.(2[0-4]|26|27|60)|2\.252)$", Words)]
    private static partial Regex SenderCode();

    // "Sender address rejected: not owned by user", "Sender verify failed", "SendAsDenied", "Domain of sender address"
    [GeneratedRegex(@"
        \b(sender|return\W?path|(envelope|header|mail)\sfrom|from\s(address|header|domain|field))\b\W+(\S+\s+){0,6}?
          (rejected|denied|refused|invalid|unknown|mismatch|verif\w*|not|does|doesn't|must|blocked|disallowed|unroutable)\b
        | \b(invalid|unknown|bad|unverified|unauthori[sz]ed|forged|verify|verified|refused|reject(ed)?)\s(\w+\s){0,2}
          (sender|return\W?path|from\s(address|header|field))\b
        | \bdomain\sof\ssender\b | \bsend\W?as(denied)?\b | \bpermissions?\sto\ssend\b | \bnot\sowned\sby\b
        ", Words)]
    private static partial Regex SenderWords();

    [GeneratedRegex(@"
        \b(spf|dkim|dmarc)\b | \b(e?-?mail|domain)\sauthentication\b | \bunauthenticated\s(e-?mail|mail|message)\b
        ", Words)]
    private static partial Regex DomainAuthenticationWords();

    [GeneratedRegex(@"
        \b(access|permission|connection|service|session|transaction|command|administrative(ly)?|policy|host)\W+(\w+\W+){0,3}?
          (denied|rejected|refused|unavailable|prohibit\w*|violat\w*|reasons?|blocked|failed)\b
        | \bnot\s(been\s)?(allowed|authori[sz]ed|permitted|accepted|welcome)\b
        | \bdelivery\snot\sauthori[sz]ed\b | \bprohibited\b | \badministrative\sprohibition\b | \bgo\saway\b
        ", Words)]
    private static partial Regex DeniedWords();

    // "454 4.7.0 Temporary authentication failure", "454 4.7.0 Too many login attempts"; not 432, which asks for another password
    [GeneratedRegex(@"
        ^4(?!32)\d\d\b
        | ^5\d\d\W+4\.\d{1,3}\.\d{1,3}\b
        | \b(temporar(y|ily)|internal\s(server\s)?error|system\s(problem|error)|service\sunavailable|currently\sunavailable)\b
        | \btoo\smany\s(\w+\s){0,3}(log-?ins?|sign-?ins?|auth\w*|attempts|failures|tries|connections|sessions)\b
        ", Words)]
    private static partial Regex TemporarySignInFailure();
}
