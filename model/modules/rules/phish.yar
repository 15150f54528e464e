/*
   Signatures of attacks that come in many copies and change little.

   They read a rendering of the facts (see reading.py), in lower case, one fact a line:
     \x01subject ...   \x01from name <address>   \x01text ...   \x01link place host url | text
     \x01attachment name | declared type | detected type
   Conditions may use these globals as well: links, open_links (to hosting that anybody can use),
   page_attached, program_attached, authenticated (the sender proved to be who is shown).

   meta.code is the entry in reasons.toml without "signature-"; weight is the opinion's score.
   Only a rule with hard = true may decide by itself: keep that for what no legitimate mail does.
*/

rule sign_in_page_attached
{
    meta:
        code = "sign-in-page-attached"
        weight = 0.85
    strings:
        $ask1 = /(sign|log)[ -]?in (to|with|using) (your|view|read|open|access)/
        $ask2 = /(view|open|download|review) (the |your )?(attached|attachment|secure|encrypted|voice) ?(file|document|message|invoice|mail|page)?/
        $ask3 = /(see|find|check) (the )?(attached|attachment) (file|document|invoice|payment|remittance|statement|voice)/
        $ask4 = "anhang öffnen"
        $ask5 = "siehe anhang"
        $bait = /\x01attachment [^\n|]{0,80}(invoice|payment|remittance|voice|voicemail|swift|statement|scan|fax|rechnung|mahnung|document|order|receipt|payroll|salary)[^\n|]{0,80}\.(s?html?|xhtml|svg)/
    condition:
        page_attached and not authenticated and ($bait or any of ($ask*))
}

rule mailbox_threat
{
    meta:
        code = "mailbox-threat"
        weight = 0.85
    strings:
        $box = /(mailbox|e-?mail (account|storage|quota|password)|web ?mail|mail ?quota|postfach|storage (quota|limit)|boîte (mail|aux lettres)|buzón)/
        $threat1 = /(almost|is|nearly|has become) full|exceed(ed|s)? (its|the|your)? ?(storage|quota|limit|mailbox)|quota (limit )?(exceeded|reached)|out of (storage|space)/
        $threat2 = /(will be|has been|is being) (deactivated|suspended|closed|blocked|terminated|disabled|deleted|locked|shut ?down)/
        $threat3 = /(will|is about to|set to|due to) expire|(expires|expiring) (today|soon|in \d{1,2} (hours|days))/
        $threat4 = /\d{1,3} (pending|undelivered|incoming|held|unreceived) (e-?)?(mail|message)s?|messages? (are |were |is )?(being )?(held|pending|quarantined|not delivered)/
        $threat5 = /(wird|wurde) (gesperrt|deaktiviert|gelöscht|geschlossen)|speicherplatz|läuft .{0,20}ab/
        $act = /(click|klicken|cliquez|haga clic|upgrade|verify|re-?activate|re-?confirm|confirm|validate|release|retrieve|restore|increase|bestätigen|aktualisieren)/
    condition:
        links > 0 and not authenticated and $act and
        for any i in (1..#box) : ( any of ($threat*) in (@box[i] - 300 .. @box[i] + 300) )
}

rule password_keep
{
    meta:
        code = "password-keep"
        weight = 0.95
    strings:
        $keep = /(keep|use|continue (with|using)|retain|maintain) (my |your |the )?(same|current|existing|old) password/
        $german = /(aktuelles|gleiches|dasselbe|bisheriges|jetziges) (passwort|kennwort) (behalten|beibehalten|weiter)/
    condition:
        links > 0 and any of them
}

rule extortion
{
    meta:
        code = "extortion"
        weight = 0.95
    strings:
        $coin = /(bitcoin|btc|litecoin|ethereum|monero|cryptocurrency|crypto ?wallet|usdt)/
        $hold1 = /(recorded|filmed|captured|made a video|video of|footage of).{0,60}(you|your)/s
        $hold2 = /(your|the) (webcam|camera|front camera|microphone)/
        $hold3 = /(masturbat|pleasuring|porn|adult (web)?site|intimate|explicit content)/
        $hold4 = /(hacked|infected|compromised|installed .{0,30}(trojan|malware|rat|spyware)|access to).{0,30}(your|the) (device|computer|operating system|phone|account)/s
        $threat = /(send|share|publish|leak|release|forward|distribute|spread).{0,60}(your )?(contacts|friends|family|relatives|colleagues|social media|everyone)/s
        $clock = /(\d{2}|two|three|fifty|forty[- ]eight) ?(hours|hrs|days)/
    condition:
        $coin and $threat and $clock and 2 of ($hold*)
}

rule advance_fee
{
    meta:
        code = "advance-fee"
        weight = 0.85
    strings:
        $large1 = /(million|billion|millionen|millones|milhões)/
        $large2 = /(usd|eur|gbp|us\$)[ .:]{0,3}\d{1,3}([,.]\d{3}){2}/
        $large3 = /\d{3}[,.]\d{3}([,.]\d{2})? ?(usd|eur|gbp|dollars|euros|pounds)/
        $story1 = /next of kin|inheritance|beneficiary|late (client|husband|father|customer|engr?|mr|dr)|deceased|erbschaft|herencia/
        $story2 = /(unclaimed|dormant|abandoned|over-?invoiced) (fund|sum|account|deposit|money|contract)|consignment box|compensation fund|contract fund|trunk box/
        $story3 = /donat(e|ion|ing).{0,60}(you|charity|million)|lottery|sweepstake|won the|selected (as )?(a |one of )?(winner|beneficiar)/s
        $ask1 = /(full name|your name).{0,200}(phone|telephone|mobile|address|occupation|country)/s
        $ask2 = /(contact|reply|respond|get back).{0,40}(me|us|him|her|barrister|attorney|immediately|urgently)/s
        $ask3 = /strict(ly|est)? (confiden|secre)|utmost (confiden|secre|good faith)|business proposal|mutual benefit|transfer of (the|this) (fund|sum|money)|god bless/
    condition:
        any of ($large*) and any of ($story*) and 2 of ($ask*)
}

rule gift_cards
{
    meta:
        code = "gift-cards"
        weight = 0.85
    strings:
        $card = /(gift ?cards?|itunes cards?|steam cards?|google play cards?|apple cards?|razer gold|vanilla cards?|geschenkkarten?|gutscheinkarten?)/
        $send = /(scratch|send me|email me|picture|photo|pictures|photos|take a snap|codes?).{0,60}(back|code|pin|card|numbers?)/s
        $quick = /(as soon as possible|asap|right away|urgent|immediately|quickly|in a meeting|can'?t (talk|call|take calls)|surprise|reimburse|confidential|sofort|vertraulich)/
    condition:
        $card and $send and $quick and links <= 2
}

rule bank_change
{
    meta:
        code = "bank-change"
        weight = 0.8
    strings:
        $bank = /(bank(ing)? (account|details?|information|data)|account details?|iban|direct deposit|payroll (account|details|information)|bankverbindung|kontoverbindung|coordonnées bancaires|datos bancarios)/
        $change = /(changed?|updated?|new|different|revised|no longer|under audit|geändert|neue|nouve(au|lles?)|nuev[oa]s?)/
        $pay = /(payments?|transfer|invoices?|remit|remittance|payroll|salary|deposit|pay ?check|überweis|zahlung|gehalt|virement|pago)/
        $now = /(before (the )?(next|end|pay)|effective (immediately|today|from)|with immediate effect|going forward|next (payment|pay|payroll)|all (future|further|outstanding|pending) (payments?|invoices?)|ab sofort|künftig)/
    condition:
        not authenticated and $bank and $change and $pay and $now
}

rule telephone_bill
{
    meta:
        code = "telephone-bill"
        weight = 0.8
    strings:
        $phone = /(\+?1?[ .(-]{0,3}8\d{2}[ .)(-]{1,3}\d{3}[ .-]{0,3}\d{4})/
        $charge = /(has been|will be|was|were|is) (charged|debited|deducted|renewed|auto-?renewed|processed)|auto-?renew|subscription|auto-?debit/
        $cancel = /(cancel|refund|dispute|did ?n[o']t (authori[sz]e|place|make|order)|stop (this|the) (payment|order)).{0,120}(call|contact|dial|reach|toll|helpline|help ?desk|number)|(call|contact|dial|reach).{0,120}(cancel|refund|dispute|stop (this|the))/s
        $brand = /(norton|mcafee|geek ?squad|paypal|microsoft|windows defender|amazon|best ?buy|anydesk|bitcoin|coinbase|lifelock)/
    condition:
        $phone and $charge and $cancel and $brand and not authenticated
}

rule parcel_fee
{
    meta:
        code = "parcel-fee"
        weight = 0.8
    strings:
        $parcel = /(parcel|package|shipment|delivery|paket|sendung|colis|paquete|encomenda)/
        $stuck = /(on hold|held|pending|waiting|could not be delivered|failed delivery|undelivered|incomplete address|customs|suspended|zugestellt werden|zoll|en attente|retenid[oa]|aguardando|taxad[oa])/
        $fee = /(fee|pay|payment|charge|gebühr|bezahlen|frais|payer|pagar|taxa|tarifa).{0,80}[\d.,]{1,6} ?(€|eur|usd|\$|£|gbp|chf|r\$)|(€|eur|usd|\$|£|gbp|chf|r\$) ?[\d.,]{1,6}.{0,80}(fee|pay|charge|gebühr|frais|taxa|tarifa)/s
    condition:
        links > 0 and not authenticated and $fee and
        for any i in (1..#parcel) : ( $stuck in (@parcel[i] - 80 .. @parcel[i] + 120) )
}

rule document_share
{
    meta:
        code = "document-share"
        weight = 0.8
    strings:
        $share = /(shared|sent|send).{0,60}(document|file|folder|pdf|invoice|proposal|fax|voice ?mail|e-?document)|(document|file|folder|voice ?mail|fax).{0,40}(shared|waiting|received|available|ready for (review|signature))/s
        $open = /(view|open|review|access|download|sign|listen|play|read).{0,20}(document|file|folder|message|here|now|pdf|voice ?mail|fax|online)/
        $brand = /(docusign|sharepoint|one ?drive|adobe|dropbox|we ?transfer|microsoft|office ?365|google drive|e-?fax|ring ?central)/
    condition:
        open_links > 0 and not authenticated and all of them
}

rule device_code
{
    meta:
        code = "device-code"
        weight = 0.8
    strings:
        $page = /(microsoft\.com\/devicelogin|aka\.ms\/devicelogin|login\.microsoftonline\.com\/common\/oauth2\/deviceauth|google\.com\/device)/
        $enter = /(enter|paste|copy|use|type|eingeben).{0,40}(code|pin)|(code|pin).{0,40}(enter|paste|eingeben)/s
    condition:
        $page and $enter and not authenticated
}

rule wallet_phrase
{
    meta:
        code = "wallet-phrase"
        weight = 0.9
    strings:
        $phrase = /(seed|recovery|secret|backup) (recovery )?phrase|(12|24|twelve|twenty[- ]four)[- ]words? (phrase|recovery|seed)|wiederherstellungsphrase/
        $ask = /(verify|validate|restore|synchroni[sz]e|migrate|confirm|re-?connect|upgrade|enter|submit|secure).{0,60}(wallet|phrase|ledger|metamask|trezor)|(wallet|phrase|ledger|metamask|trezor).{0,60}(verification|validation|migration|suspended|restricted|deactivated)/s
    condition:
        links > 0 and all of them
}

rule disguised_program
{
    meta:
        code = "disguised-program"
        weight = 1.0
        hard = true
    strings:
        $double = /\x01attachment [^\n|]{0,150}\.(pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|txt|csv|rtf|mp3|mp4)[ _.\x09]{1,100}(exe|scr|com|pif|bat|cmd|vbs|vbe|js|jse|wsf|hta|lnk|msi|ps1|jar|cpl) \|/
        $turned = /\x01attachment [^\n|]{0,150}\xe2\x80\xae[^\n|]{0,150} \|/
    condition:
        program_attached and any of them
}
